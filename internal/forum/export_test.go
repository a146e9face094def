package forum

// Remembered is how many looks of readers are held in memory.
func (v *Views) Remembered() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.readers.seen) + len(v.before.seen)
}
