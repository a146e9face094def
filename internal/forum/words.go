package forum

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"lightstick/internal/fault"
	"lightstick/internal/markup"
)

// WordAction is what a word rule does with a text that contains its pattern.
type WordAction string

// Word actions, mildest first.
const (
	WordMask   WordAction = "mask"   // replaced by ●●●
	WordHold   WordAction = "hold"   // waits for review
	WordRefuse WordAction = "refuse" // not accepted
)

// WordRule stops words in a fandom or, with FandomID 0, on the whole site.
// Patterns match anywhere, regardless of case, width and Latin accents.
type WordRule struct {
	ID        ID
	FandomID  ID
	Pattern   string
	Action    WordAction
	CreatedAt time.Time
}

// AddWordRule is for the fandom's staff (site-wide: admins).
func (f *Forum) AddWordRule(ctx context.Context, a *Actor, fandom ID, pattern string, action WordAction) (WordRule, error) {
	if err := a.staff(fandom); err != nil {
		return WordRule{}, err
	}
	var bad fault.Fields
	pattern = text(&bad, "pattern", pattern, false, 1, MaxName)
	if markup.Fold(pattern) == "" && len(bad) == 0 {
		bad.Add("pattern", "no_letters", "A name needs at least one letter.")
	}
	if action != WordMask && action != WordHold && action != WordRefuse {
		bad.Add("action", "unknown_action", "Choose mask, hold or refuse.")
	}
	if err := bad.Err(); err != nil {
		return WordRule{}, err
	}
	r := WordRule{FandomID: fandom, Pattern: pattern, Action: action, CreatedAt: f.Now()}
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		if err := siteOrFandom(ctx, tx, fandom); err != nil {
			return nil, err
		}
		if err := tx.InsertWordRule(ctx, &r); err != nil {
			return nil, err
		}
		return r, f.audit(ctx, tx, a, "word_rule.add", Target{TargetRule, r.ID}, fandom, "pattern", pattern, "action", string(action))
	})
	f.rules.forget()
	return r, err
}

// siteOrFandom fails when the fandom is neither 0, which stands for the whole site, nor there.
func siteOrFandom(ctx context.Context, r Reader, fandom ID) error {
	if fandom == 0 {
		return nil
	}
	_, err := r.FandomByID(ctx, fandom)
	return err
}

// RemoveWordRule is for the fandom's staff (site-wide: admins).
func (f *Forum) RemoveWordRule(ctx context.Context, a *Actor, id ID) error {
	_, err := f.Store.Update(ctx, func(tx Tx) (any, error) {
		rules, err := tx.WordRules(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(rules, func(r WordRule) bool { return r.ID == id })
		if i < 0 {
			return nil, notFound(TargetRule)
		}
		if err := a.staff(rules[i].FandomID); err != nil {
			return nil, err
		}
		if err := tx.DeleteWordRule(ctx, id); err != nil {
			return nil, err
		}
		return nil, f.audit(ctx, tx, a, "word_rule.remove", Target{TargetRule, id}, rules[i].FandomID, "pattern", rules[i].Pattern)
	})
	f.rules.forget()
	return err
}

// WordRules lists the rules in force in a fandom (0: only the site's) for its staff.
func (f *Forum) WordRules(ctx context.Context, a *Actor, fandom ID) ([]WordRule, error) {
	if err := a.staff(fandom); err != nil {
		return nil, err
	}
	all, err := f.Store.WordRules(ctx)
	return slices.DeleteFunc(all, func(r WordRule) bool { return r.FandomID != fandom && r.FandomID != 0 }), err
}

// rulesFresh is how old the rules of another node's staff may be here.
const rulesFresh = 2 * time.Second

// rulebook keeps the word rules, folded, for rulesFresh.
type rulebook struct {
	mu     sync.Mutex
	rules  []foldedRule
	loaded time.Time
}

type foldedRule struct {
	WordRule
	folded string
}

func (b *rulebook) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loaded = time.Time{}
}

func (b *rulebook) current(ctx context.Context, f *Forum) ([]foldedRule, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := f.Now()
	if !b.loaded.IsZero() && now.Sub(b.loaded).Abs() < rulesFresh {
		return b.rules, nil
	}
	rules, err := f.Store.WordRules(ctx)
	if err != nil {
		return nil, err
	}
	b.rules = nil
	for _, r := range rules {
		b.rules = append(b.rules, foldedRule{r, markup.Fold(r.Pattern)})
	}
	b.loaded = now
	return b.rules, nil
}

// apply masks texts in place, refuses them, or says which rule holds them. Staff write freely.
func (b *rulebook) apply(ctx context.Context, f *Forum, fandom ID, a *Actor, texts ...*string) (heldBy string, err error) {
	rules, err := b.current(ctx, f)
	if err != nil || a.Staff(fandom) {
		return "", err
	}
	for _, t := range texts {
		folded := markup.Fold(*t)
		var masked []string
		for _, r := range rules {
			if r.FandomID != 0 && r.FandomID != fandom || r.folded == "" || !strings.Contains(folded, r.folded) {
				continue
			}
			switch r.Action {
			case WordRefuse:
				return "", fault.New(fault.Invalid, "word_refused", "“{word}” is not allowed here. Please put it another way.", "word", r.Pattern)
			case WordHold:
				heldBy = r.Pattern
			case WordMask:
				masked = append(masked, r.folded)
			}
		}
		if len(masked) > 0 {
			*t = markup.Mask(*t, masked)
		}
	}
	return heldBy, nil
}
