// Shows the tags and the time zone of the chosen campaign. A click on a button fills in the form.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-dry-run]");
  if (!form) return;
  const { campaign, tags, moment } = form.elements;
  const show = () => {
    for (const part of form.querySelectorAll("[data-tags-of], [data-clock-of]")) {
      part.hidden = (part.dataset.tagsOf || part.dataset.clockOf) !== campaign.value;
    }
  };
  campaign.addEventListener("change", show);
  show();
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.moment !== undefined) moment.value = button.dataset.moment;
    if (button.dataset.tag === undefined) return;
    const isListed = tags.value.split("\n").some((line) => line.split("=")[0].trim() === button.dataset.tag);
    if (!isListed) tags.value = `${tags.value.trim()}${tags.value.trim() ? "\n" : ""}${button.dataset.tag} = `;
    tags.focus();
  });
});
