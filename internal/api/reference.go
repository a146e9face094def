package api

func (a *API) reference() error { return nil }
