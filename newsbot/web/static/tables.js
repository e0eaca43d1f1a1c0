// Datasette's tables ask for this name; it would stand in a script inside the page, which the policy of the room forbids.
window.DATASETTE_ALLOW_FACET = true;
