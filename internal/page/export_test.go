package page

// Watching is how many watch.
func (p *Page) Watching() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.watchers)
}
