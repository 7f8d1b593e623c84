// What is written where on the page; everything through textContent.

const at = (id) => document.getElementById(id);
const LONG = 100;
const FIRST = 14;

function made(kind, text) {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}

function listed(cells) {
  return cells.flatMap(([name, value]) => [made("dt", name), made("dd", value === "" ? "(blank)" : value)]);
}

export function showCard(item, finished) {
  const cells = item?.card ?? [];
  const texts = item?.picture ? [] : cells.filter(([, value]) => value.length > LONG);
  const short = cells.filter((cell) => !texts.includes(cell));
  at("name").textContent = item ? item.name : finished ? "Nothing is left to label" : "Loading";
  if (finished) {
    at("message").textContent = "Every item has a verdict or is in somebody else's hands.";
  } else if (item) {
    at("message").textContent = "";
  }
  at("texts").replaceChildren(...texts.map(([, value]) => made("p", value)));
  at("card").replaceChildren(...listed(short.slice(0, FIRST)));
  at("more").hidden = short.length <= FIRST;
  at("more-summary").textContent = `${short.length - FIRST} more columns`;
  at("more-card").replaceChildren(...listed(short.slice(FIRST)));
  at("frame").hidden = !item?.picture;
  at("picture").alt = item?.picture ? `Picture ${item.name}` : "";
  if (item?.picture) at("picture").src = item.picture;
  else at("picture").removeAttribute("src");
}

export function showWhy(item) {
  const why = item?.why;
  let text = "";
  if (why?.uniform) {
    text = "Drawn at random: it belongs to the sample that tells how good the model is.";
  } else if (why?.strategy) {
    const score = why.score === null ? "" : `, score ${Number(why.score.toPrecision(3))}`;
    const after = why.labels ? `, after ${why.labels} labels` : ", before any label";
    text = `Chosen by ${why.strategy}${score}${after}.`;
  } else if (item) {
    text = "Nobody chose it; its label was imported.";
  }
  at("why").textContent = text;
}

export function showKeys(about, chosen) {
  const keys = new Map(about.classes.map((name) => [name, []]));
  for (const [key, name] of Object.entries(about.keys)) keys.get(name).push(key);
  const buttons = about.classes.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.disabled = true;
    const key = keys.get(name).at(-1);
    if (key) button.append(made("kbd", key), " ");
    button.append(name);
    button.addEventListener("click", () => chosen(name));
    return button;
  });
  at("classes").replaceChildren(...buttons);
  const own = [["t", "cannot tell"], ["s", "skip for now"], ["u", "undo"], ["g", "the model's guess"], ["z", "zoom"]];
  const all = [...about.classes.map((name) => [keys.get(name).join(" or "), name]), ...own, ["?", "these keys"]];
  at("keys").replaceChildren(...all.flatMap(([key, does]) => [made("dt", key), made("dd", does)]));
}

export function showCounts(found) {
  const { label, unsure, skip } = found.verdicts;
  at("total").textContent = `${label} labels, ${unsure} cannot tell, ${skip} skipped`;
  const most = Math.max(1, ...Object.values(found.labels));
  at("balance").replaceChildren(
    ...Object.entries(found.labels).map(([name, count]) => {
      const line = document.createElement("li");
      const meter = document.createElement("meter");
      meter.max = most;
      meter.value = count;
      meter.setAttribute("aria-label", `${name}: ${count} labels`);
      line.append(made("span", name), made("span", String(count)), meter);
      return line;
    }),
  );
  at("agreement").textContent = found.several
    ? `${found.agreed} of ${found.several} items with several labels agree (${found.people.join(", ")}).`
    : "";
}

export function showStanding(standing) {
  at("sentence").textContent = standing.sentence ?? "The learner has not finished its first round.";
  const percent = (share) => (share === null ? "?" : (100 * share).toFixed(0));
  at("estimates").replaceChildren(
    ...Object.entries(standing.estimates ?? {}).map(([name, [mean, low, high]]) =>
      made("li", `${name}: ${percent(mean)} % (${percent(low)} to ${percent(high)})`),
    ),
  );
}
