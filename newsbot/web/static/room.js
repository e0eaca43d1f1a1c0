// A keyboard's «/» finds the search. All else works without this file.
document.addEventListener("keydown", (event) => {
  const field = document.getElementById("find");
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && field && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});
