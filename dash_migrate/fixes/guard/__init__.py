"""One code base for several backends: a resolver, guards around what differs, and twins for it."""
