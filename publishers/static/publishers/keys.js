// Posts a [data-post] link at once. Without this script, the link opens a confirmation page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-post]");
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  if (!link || !token || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const form = document.createElement("form");
  form.method = "post";
  form.action = link.href;
  form.append(token.cloneNode());
  document.body.append(form);
  form.submit();
});
