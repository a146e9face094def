package api

// For tests of what has no request around it.
var (
	CheckJSON = checkJSON
	FromHuma  = fromHuma
	EntityTag = entityTag
	NoneMatch = noneMatch
)
