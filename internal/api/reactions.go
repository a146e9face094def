package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"lightstick/internal/edge"
	"lightstick/internal/forum"
)

// ByReaction picks a kind of reaction to one thing.
type ByReaction struct {
	ByID
	Kind string `path:"kind" enum:"lightstick,heart,laugh,wow,cry,fire" example:"lightstick"`
}

func (a *API) reactions() {
	const tag = "Reactions"
	for _, kind := range []forum.TargetKind{forum.TargetPost, forum.TargetComment} {
		name, path := string(kind), "/"+string(kind)+"s/{id}/reactions/{kind}"
		change(a, http.MethodPut, op{id: "put_" + name + "_reaction", path: path, tag: tag, scope: forum.ScopeWrite, errors: []int{404},
			summary: "React to a " + name, about: "Doing it twice changes nothing."}, a.react(kind, true))
		change(a, http.MethodDelete, op{id: "delete_" + name + "_reaction", path: path, tag: tag, scope: forum.ScopeWrite, errors: []int{404},
			summary: "Take a reaction to a " + name + " back", about: "Doing it twice changes nothing."}, a.react(kind, false))
	}
	get(a, op{id: "list_own_reactions", path: "/posts/{id}/reactions", tag: tag, policy: edge.Personal, scope: forum.ScopeRead,
		summary: "List your reactions to a post and its comments"}, a.ownReactions)
}

func (a *API) react(kind forum.TargetKind, on bool) func(context.Context, *ByReaction) (reply[None], error) {
	return func(ctx context.Context, in *ByReaction) (reply[None], error) {
		reaction, err := forum.ReactionNamed(in.Kind)
		if err != nil {
			return reply[None]{}, err
		}
		return reply[None]{}, a.Forum.React(ctx, a.Actor(ctx), forum.Target{Kind: kind, ID: in.ID}, reaction, on)
	}
}

// OwnReaction is what you put on one thing.
type OwnReaction struct {
	Target Target   `json:"target"`
	Kinds  []string `json:"kinds" example:"[\"lightstick\"]"`
}

func (a *API) ownReactions(ctx context.Context, in *ByID) (reply[List[OwnReaction]], error) {
	actor, err := a.require(ctx, forum.ScopeRead)
	if err != nil {
		return reply[List[OwnReaction]]{}, err
	}
	own, err := a.Forum.Read().OwnReactions(ctx, actor.ID, in.ID)
	if err != nil {
		return reply[List[OwnReaction]]{}, err
	}
	list := make([]OwnReaction, 0, len(own))
	for t, kinds := range own {
		slices.Sort(kinds)
		list = append(list, OwnReaction{Target: target(t), Kinds: each(kinds, func(k forum.ReactionKind) string { return forum.ReactionNames[k] })})
	}
	slices.SortFunc(list, func(x, y OwnReaction) int {
		return cmp.Or(cmp.Compare(y.Target.Kind, x.Target.Kind), cmp.Compare(x.Target.ID, y.Target.ID))
	})
	return reply[List[OwnReaction]]{body: List[OwnReaction]{Items: list}}, nil
}
