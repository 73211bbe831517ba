// The review page: one group at a time; a key decides, the answer comes once the decision is on disk.

import { pieces } from "/marks.js";

const AHEAD = 8, NEAR = 3, BEHIND = 2, KEPT = 60;  // groups fetched at once, those that must be there, and held
const PACE = 30, LONGEST = 120;           // decisions the estimate rests on; seconds of one that count at most
const FULL = 16;                          // bits that fill half a bar
const DECIDED = new Set(["merge", "apart", "related", "branch", "head", "split"]);
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const $ = (id) => document.getElementById(id);
const page = { groups: [], queue: [], at: 0, cards: new Map(), split: null, paces: [], since: 0, keys: true,
  waiting: 0, work: Promise.resolve() };

// ------------------------------------------------------------------------------------------------------------- words

const pick = (entry) => entry[page.language] ?? "";
const say = (name, values = {}) => filled(pick(page.words.text[name]), values);
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const verdictWord = (verdict) => (verdict ? pick(page.words.verdict[verdict]) : say("open"));
const letter = (part) => LETTERS[part] ?? String(part + 1);

function make(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c != null && c !== false));
  return node;
}

// ------------------------------------------------------------------------------------------------------------ server

class Refused extends Error {}

async function ask(path, body) {
  const post = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  let answer, content;
  try {
    answer = await fetch(path, post);
    content = await answer.json();
  } catch {
    throw new Refused("gone");
  }
  if (!answer.ok) throw new Refused(content.error);
  return content;
}

async function fetchCards(ids) {
  const wanted = ids.filter((id) => !page.cards.has(id));
  if (!wanted.length) return;
  for (const card of await ask(`/api/groups/${wanted.join(",")}`)) page.cards.set(card.id, card);
  for (const id of page.cards.keys()) {
    if (page.cards.size <= KEPT) break;
    if (id !== page.queue[page.at]) page.cards.delete(id);
  }
}

function ahead() {
  const next = [];
  for (let at = page.at + 1; at < page.queue.length && next.length < AHEAD; at++)
    if (at <= page.at + BEHIND || !known(page.groups[page.queue[at]])) next.push(page.queue[at]);
  for (let at = page.at - 1; at >= Math.max(0, page.at - BEHIND); at--) next.push(page.queue[at]);
  return next;
}

// ------------------------------------------------------------------------------------------------------------- queue

const known = (group) => group.state && group.state !== "partly" && group.state !== "disputed";

function fits(group) {
  const state = $("state").value;
  return group.entity === $("entity").value && group.sheet === $("sheet").value
    && (!$("owner").value || group.owners.includes(Number($("owner").value)))
    && (!$("crossing").checked || group.owners.length > 1)
    && (state === "" || (state === "open" ? !known(group) : state === "defer" ? group.state === "defer" : DECIDED.has(group.state)));
}

async function refilter(wanted) {
  page.queue = page.groups.filter(fits).map((g) => g.id);
  const open = page.queue.findIndex((id) => !known(page.groups[id]));
  const place = page.queue.indexOf(wanted);
  await show(place >= 0 ? place : Math.max(0, open));
}

/** The place of the next undecided group behind `at`, else of the first one; -1 when none is left. */
function nextOpen(at) {
  const open = (id) => !known(page.groups[id]);
  const behind = page.queue.findIndex((id, place) => place > at && open(id));
  return behind >= 0 ? behind : page.queue.findIndex(open);
}

async function show(at) {
  page.at = at;
  page.split = page.row = null;
  const id = page.queue[at];
  if (id !== undefined) {
    try { await fetchCards([id]); } catch (error) { return alarm(error); }
  }
  draw();
  page.since = performance.now();
  if (id === undefined) return;
  requestAnimationFrame(() => setTimeout(() => prepare(id)));
}

/** After the group is painted: what comes next is fetched and its table made, so that a key has little left to do. */
async function prepare(id) {
  if (id !== page.queue[page.at]) return;
  sessionStorage.setItem("at", id);
  const wanted = ahead();
  if (wanted.slice(0, NEAR).some((next) => !page.cards.has(next))) await fetchCards(wanted).catch(() => {});
  const card = page.cards.get(wanted[0]);
  if (card && !page.split) page.ready = { card, look: look(card), table: table(card, blindNow(card)) };
}

/** What a table depends on beside its card. */
const look = (card) => JSON.stringify([page.language, page.only, card.state, page.split]);
const blindNow = (card) => card.blind && !card.state.verdict;

function readyTable(card) {
  const ready = page.ready;
  return ready?.card === card && ready.look === look(card) ? ready.table : table(card, blindNow(card));
}

// -------------------------------------------------------------------------------------------------------------- draw

function draw() {
  const card = page.cards.get(page.queue[page.at]);
  const shown = page.at < page.queue.length && card;
  $("group").replaceChildren(...(shown ? group(card) : [blank()]));
  $("group").dataset.group = shown ? card.id : "";
  $("group").scrollTop = 0;
  $("comment").value = "";
  $("reason").hidden = $("typing").hidden = true;
  drawActions(shown ? card : null);
  drawProgress();
}

function blank() {
  const name = page.queue.length ? "finished" : "empty";
  return make("div", { class: "blank" }, make("h2", { id: "heading" }, say(name)), make("p", {}, say(`${name}hint`)));
}

function group(card) {
  const files = new Set(card.members.map((m) => m.place.split("!")[0])).size;
  const owners = [...new Set(card.members.map((m) => m.owner).filter(Boolean))];
  const state = card.state;
  const head = make("div", { class: "head" },
    make("h2", { id: "heading" }, say("group", { n: page.at + 1 }), make("small", {}, ` ${say("of", { n: page.queue.length })}`)),
    make("span", { class: "chip" }, say("size", { n: card.members.length })),
    files > 1 && make("span", { class: "chip" }, say("files", { n: files })),
    owners.length > 1 && make("span", { class: "chip crossing" }, say("owners", { names: owners.join("、") })),
    make("span", { class: `chip state ${state.verdict || "open"}` }, verdictWord(state.verdict)),
    state.verdict && make("span", { class: "by" }, say("by", { who: state.who, when: state.when.replace("T", " ") }), state.why && ` · ${state.why}`),
  );
  const hidden = blindNow(card);
  return [
    head,
    page.split && splitHelp(),
    state.against && make("p", { class: "note" }, say("disputed", { other: state.against })),
    hidden && make("p", { class: "note" }, say("blind")),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "heading" }, readyTable(card)),
    !hidden && reasons(card),
  ].filter(Boolean);
}

function table(card, hidden) {
  const size = card.members.length;
  const rows = card.fields.map((field) => row(card, field, hidden));
  const made = make("table", { role: "table", class: size > 4 ? "wide" : "", "data-members": size },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" },
      make("th", { role: "columnheader", scope: "col", class: "name" }, make("span", { class: "unseen" }, say("field"))),
      ...card.members.map((m, at) => member(card, m, at, hidden)),
      !hidden && !many(card) && make("th", { role: "columnheader", scope: "col", class: "evidence" }, say("evidence")),
    )),
    make("tbody", { role: "rowgroup" }, ...rows.filter(Boolean)),
  );
  made.style.setProperty("--members", size);
  return made;
}

function member(card, m, at, hidden) {
  const part = page.split ? page.split.letters[at] : card.state.parts.findIndex((p) => p.includes(at));
  const telling = !hidden && (card.state.verdict || card.state.parts.length < card.members.length);  // else each is one of its own
  const opinion = m.opinion && !hidden && make("span", { class: "chance", title: say("against", { n: m.to + 1 }) },
    say("chance", { p: percent(m.opinion.chance) }), many(card) && ` · ${say("against", { n: m.to + 1 })}`);
  return make("th", { role: "columnheader", scope: "col", class: `member ${page.split || telling ? `part${part % 6}` : ""}`, "data-member": at },
    make("span", { class: "top" },
      make("b", { class: "number", "aria-label": say("record", { n: at + 1 }) }, String(at + 1)),
      page.split ? chooser(at, part) : telling && make("span", { class: "part" }, say("customer", { n: letter(part) })),
      m.owner && make("span", { class: "owner" }, m.owner)),
    make("span", { class: "place" }, m.place),
    opinion,
    !m.known && make("span", { class: "warn" }, say("unknown")),
  );
}

const many = (card) => card.members.length > 2;
const percent = (chance) => `${Math.round(Math.min(Math.max(chance, 0.01), 0.99) * 100)} %`;

function row(card, field, hidden) {
  const first = field.values[0];
  const same = field.values.every((v) => v === first);
  if (same && page.only && !field.bits.some(Boolean)) return null;
  const label = pick(page.entities[card.entity].fields[field.name]);
  const chosen = card.state.chosen[field.name];
  const state = same ? "same" : field.values.filter(Boolean).length < 2 ? "single" : "differs";
  return make("tr", { role: "row", class: state, "data-field": field.name },
    make("th", { role: "rowheader", scope: "row", class: "name" }, label, chosen?.value && make("span", { class: "typed" }, `✎ ${chosen.value}`)),
    ...field.values.map((value, at) => cell(card, field, at, !hidden && many(card) && bar(field.bits[at], at, card, label))),
    !hidden && !many(card) && make("td", { role: "cell", class: "evidence" }, bar(field.bits[1], 1, card, label)),
  );
}

/** One value; the first record's marks tell what another one lacks, the others' what the first one lacks. */
function cell(card, field, at, picture) {
  const value = field.values[at];
  const others = (at ? [field.values[0]] : field.values.slice(1)).filter((v) => v && v !== value);
  const shared = field.shared[at];
  return make("td", { role: "cell", class: at && value && others.length ? "value other" : "value" },
    value ? offered(card, field, at, pieces(value, others).map(([text, marked]) => (marked ? make("mark", {}, text) : text)))
      : make("span", { class: "none", "aria-label": "–" }, "–"),
    shared > card.members.length && make("small", { class: "shared" }, say("shared", { n: shared })),
    picture,
  );
}

/** A value; where the records disagree one that can be chosen. */
function offered(card, field, at, text) {
  if (!choosable(field)) return make("span", {}, ...text);
  const label = pick(page.entities[card.entity].fields[field.name]);
  return make("button", { type: "button", class: "take", tabindex: -1, "aria-pressed": String(card.state.chosen[field.name]?.member === at),
    "aria-label": say("take", { field: label, n: at + 1, value: field.values[at] }),
    onclick: () => { page.row = field.name; enqueue(`take ${at + 1}`); } }, ...text);
}

const choosable = (field) => field.own && new Set(field.values.filter(Boolean)).size > 1;

/** What a field says, as a bar: to the right for being one, to the left against. */
function bar(bits, at, card, label) {
  if (!bits) return null;
  const number = `${bits > 0 ? "+" : "−"}${Math.abs(bits).toFixed(1)}`;
  const fill = make("i", { class: bits > 0 ? "for" : "against" });
  fill.style.setProperty("--share", `${Math.min(Math.abs(bits) / FULL, 1) * 50}%`);
  const told = `${many(card) ? `${say("record", { n: at + 1 })} ` : ""}${label} ${say("bits", { n: number })}`;
  return make("span", { class: "bar", role: "img", "aria-label": told, title: told },
    make("span", { class: "track" }, fill), make("em", {}, number));
}

function reasons(card) {
  const lines = card.members.map((m, at) => m.opinion && make("li", {},
    make("b", {}, `${at + 1} ↔ ${m.to + 1}`), ` ${pick(m.opinion.why)}`)).filter(Boolean);
  return make("ul", { class: "reasons" }, ...lines);
}

function drawActions(card) {
  const decided = card && card.state.verdict;
  const names = page.split ? ["cancel", "keep"] : ["back", "next", "merge", "apart", "related", "branch", "head", "split", "defer", "type", "comment", "undo", decided ? "withdraw" : ""];
  const drawn = JSON.stringify([names, !card, page.language]);
  if (drawn === page.buttons) return;  // a focused button keeps its focus
  page.buttons = drawn;
  $("buttons").replaceChildren(...names.filter(Boolean).map((name) => button(name, card)));
}

function button(name, card) {
  const own = { cancel: ["Esc", say("cancel")], keep: ["Enter", verdictWord("split")] }[name];
  const entry = page.words.action[name];
  const [key, text] = own ?? [entry.key, pick(entry)];
  const off = !card && !["back", "undo"].includes(name);
  return make("button", { type: "button", class: `act ${name}`, "data-action": name, disabled: off, "aria-keyshortcuts": key,
    onclick: () => enqueue(name) }, make("span", {}, text), make("kbd", { "aria-hidden": "true" }, key));
}

function drawProgress() {
  const all = page.queue.length;
  let done = 0, left = 0;
  for (const id of page.queue) {
    const group = page.groups[id];
    if (DECIDED.has(group.state)) done++;
    else if (!known(group)) left++;
  }
  $("bar").setAttribute("aria-valuemax", all);
  $("bar").setAttribute("aria-valuenow", done);
  $("bar").setAttribute("aria-label", say("progress"));
  $("bar").firstElementChild.style.setProperty("--share", `${all ? (100 * done) / all : 0}%`);
  const text = [say("decided", { done, all })];
  if (page.paces.length >= 3 && left) text.push(say("left", { time: duration(median(page.paces) * left) }));
  $("progress").textContent = text.join(" · ");
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function duration(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  return minutes < 90 ? say("minutes", { n: minutes }) : say("hours", { n: (minutes / 60).toFixed(1) });
}

function tell(text) { $("live").textContent = text; }

function alarm(error) {
  const name = error instanceof Refused && page.words.refused[error.message] ? error.message : "fault";
  $("alert").textContent = pick(page.words.refused[name]);
}

function describe() {
  const card = page.cards.get(page.queue[page.at]);
  if (!card || page.at >= page.queue.length) return say(page.queue.length ? "finished" : "empty");
  const names = card.fields[0].values.map((v, at) => `${at + 1}: ${v || "–"}`).join("; ");
  return `${say("group", { n: page.at + 1 })} ${say("of", { n: page.queue.length })}. ${names}. ${verdictWord(card.state.verdict)}`;
}

// ----------------------------------------------------------------------------------------------------------- actions

const enqueue = (action) => inTurn(() => act(action));

/** One thing after the other, so that a key always speaks of the group that stands there when its turn comes. */
function inTurn(work) {
  page.waiting++;
  $("group").setAttribute("aria-busy", "true");
  page.work = page.work.then(work).catch(alarm).then(() => {
    if (!--page.waiting) $("group").removeAttribute("aria-busy");
  });
}

async function act(action) {
  $("alert").textContent = "";
  const card = page.at < page.queue.length ? page.cards.get(page.queue[page.at]) : null;
  if (action === "help") return toggleHelp();
  if (action === "only") { $("only").checked = !$("only").checked; return onlyDiffering(); }
  if (action === "undo") return undo();
  if (action === "back") { await show(Math.max(0, page.at - 1)); return tell(describe()); }
  if (!card) return;
  if (page.split) return splitting(action, card);
  if (action === "next") { await show(Math.min(page.queue.length - 1, page.at + 1)); return tell(describe()); }
  if (action === "down" || action === "up") return moveRow(card, action === "down" ? 1 : -1);
  if (action === "type") return startTyping(card);
  if (action.startsWith("take ")) return take(card, Number(action.slice(5)));
  if (action === "split") return startSplit(card);
  if (action === "comment") { $("reason").hidden = false; return $("comment").focus(); }
  if (action === "withdraw") return withdraw(card);
  return decide(card, { verdict: action });
}

async function decide(card, said) {
  const state = await ask(`/api/decide/${card.id}`, { ...said, why: $("comment").value.trim() });
  const blind = blindNow(card);
  settle(card.id, state);
  page.paces = [...page.paces, Math.min((performance.now() - page.since) / 1000, LONGEST)].slice(-PACE);
  const next = nextOpen(page.at);
  if (blind) drawOpinion(card);
  await show(next < 0 ? page.queue.length : next);
  tell(`${say("kept", { verdict: verdictWord(said.verdict) })} ${describe()}`);
}

/** What the machine had thought of a group judged blind stays to be read beside the next one. */
function drawOpinion(card) {
  const said = card.members.filter((m) => m.opinion).map((m) => percent(m.opinion.chance)).join(", ");
  if (said) $("alert").textContent = `${say("group", { n: page.at + 1 })}: ${say("chance", { p: said })}`;
}

function settle(id, state) {
  page.groups[id].state = state.verdict;
  const card = page.cards.get(id);
  if (card) card.state = state;
}

async function withdraw(card) {
  settle(card.id, await ask(`/api/withdraw/${card.id}`, {}));
  draw();
  tell(say("undone"));
}

async function undo() {
  const undone = await ask("/api/undo", {});
  if (!undone) return tell(($("alert").textContent = say("nothing")));
  settle(undone.id, undone.state);
  page.paces.pop();
  if (!page.queue.includes(undone.id)) page.queue.splice(page.at, 0, undone.id);
  await show(page.queue.indexOf(undone.id));
  tell(`${say("undone")} ${describe()}`);
}

// ------------------------------------------------------------------------------------------------------------ values

/** The field whose value is chosen; without one the first that can be. */
function currentRow(card) {
  const names = card.fields.filter(choosable).map((field) => field.name);
  if (!names.includes(page.row)) page.row = names[0] ?? null;
  if (!page.row) $("alert").textContent = say("norow");
  return page.row;
}

function moveRow(card, step) {
  const names = card.fields.filter(choosable).map((field) => field.name);
  const at = names.indexOf(page.row);
  page.row = at < 0 ? null : names[Math.min(Math.max(at + step, 0), names.length - 1)];
  if (currentRow(card)) markRow(card);
}

function markRow(card) {
  for (const row of document.querySelectorAll("tr.current")) row.classList.remove("current");
  const row = page.row && document.querySelector(`tr[data-field="${CSS.escape(page.row)}"]`);
  if (!row) return;
  row.classList.add("current");
  row.scrollIntoView({ block: "nearest" });
  tell(`${labelOf(card, page.row)}: ${fieldOf(card, page.row).values.map((v, at) => `${at + 1}: ${v || "–"}`).join("; ")}`);
}

const fieldOf = (card, name) => card.fields.find((field) => field.name === name);
const labelOf = (card, name) => pick(page.entities[card.entity].fields[name]);

/** Keep the value of the n-th record; 0 leaves it to the rules. */
async function take(card, n) {
  const name = currentRow(card);
  if (!name || n > card.members.length || (n && !fieldOf(card, name).values[n - 1])) return;
  await choose(card, name, n ? { member: n - 1 } : {});
}

async function choose(card, name, entry) {
  settle(card.id, await ask(`/api/choose/${card.id}`, { field: name, ...entry }));
  const top = $("group").scrollTop, reason = $("comment").value;
  draw();
  $("group").scrollTop = top;
  $("comment").value = reason;
  markRow(card);
  const chosen = card.state.chosen[name];
  if (chosen) tell(say("taken", { field: labelOf(card, name), value: chosen.value || fieldOf(card, name).values[chosen.member], who: chosen.who }));
}

function startTyping(card) {
  const name = currentRow(card);
  if (!name) return;
  markRow(card);
  $("typed").textContent = say("typed", { field: labelOf(card, name) });
  $("value").value = card.state.chosen[name]?.value || fieldOf(card, name).values.find(Boolean);
  $("typing").hidden = false;
  $("value").select();
}

function onValueKey(event) {
  if (event.key !== "Escape" && event.key !== "Enter") return;
  event.preventDefault();
  const card = page.cards.get(page.queue[page.at]), name = page.row, value = $("value").value.trim();
  $("value").blur();
  $("typing").hidden = true;
  if (event.key === "Enter" && value) inTurn(() => choose(card, name, { value }));
}

// ------------------------------------------------------------------------------------------------------------- split

function startSplit(card) {
  const letters = new Array(card.members.length).fill(0);
  if (card.state.verdict) card.state.parts.forEach((part, at) => part.forEach((m) => { letters[m] = at; }));
  page.split = { letters, kin: letters.map((_, at) => card.state.kin[at] ?? "apart") };
  redrawSplit();
}

function redrawSplit() {
  const reason = $("comment").value;
  draw();
  $("comment").value = reason;
  tell(page.split ? page.split.letters.map((part, m) => `${m + 1}: ${letter(part)}`).join(", ") : describe());
}

function splitting(action, card) {
  if (action === "cancel") { page.split = null; return redrawSplit(); }
  if (action === "keep") {
    const { letters, kin } = page.split, used = [...new Set(letters)].sort((a, b) => a - b);
    const parts = used.map((part) => letters.flatMap((p, m) => (p === part ? [m] : [])));
    return decide(card, { verdict: "split", parts, kin: used.map((part) => kin[part]) });
  }
  const at = Number(action) - 1;
  if (at >= 0 && at < page.split.letters.length) moveTo(at, nextPart(at));
}

/** The customer behind the one a record belongs to, at most one more than there are; then the first again. */
function nextPart(at) {
  const others = page.split.letters.filter((_, m) => m !== at);
  const part = page.split.letters[at] + 1;
  return part > Math.max(...others) + 1 ? 0 : part;
}

function moveTo(at, part) {
  const { letters, kin } = page.split;
  letters[at] = part;
  const used = [...new Set(letters)];  // no gaps: the first record's customer is A, the next new one B
  page.split = { letters: letters.map((p) => used.indexOf(p)), kin: letters.map((_, p) => kin[used[p]] ?? "apart") };
  redrawSplit();
}

function chooser(at, part) {
  const options = page.split.letters.map((_, p) => make("option", { value: p, selected: p === part }, say("customer", { n: letter(p) })));
  return make("select", { "aria-label": say("belongs", { n: at + 1 }), class: "part",
    onchange: (event) => { moveTo(at, Number(event.target.value)); document.querySelector(`[data-member="${at}"] select`).focus(); } }, ...options);
}

function splitHelp() {
  const used = [...new Set(page.split.letters)].sort((a, b) => a - b).slice(1);
  const kin = used.map((part) => make("label", {}, say("kin", { n: letter(part) }), make("select", {
    onchange: (event) => { page.split.kin[part] = event.target.value; } },
    ...["apart", "related", "branch", "head"].map((word) => make("option", { value: word, selected: page.split.kin[part] === word }, verdictWord(word))))));
  return make("div", { class: "note split" }, make("p", {}, say("splitting")), ...kin);
}

// -------------------------------------------------------------------------------------------------------------- keys

const ARROWS = { ArrowLeft: "back", ArrowRight: "next", ArrowDown: "down", ArrowUp: "up" };
const FREE = new Set(["back", "next", "only", "help", "down", "up"]);  // may be repeated by holding the key

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.isComposing) return;  // a word that is being put together from pinyin
  if (event.target === $("comment")) return onReasonKey(event);
  if (event.target === $("value")) return onValueKey(event);
  if (event.target.closest?.("select, input[type=text]")) return;
  const action = page.split ? splitKey(event) : /^[0-9]$/.test(event.key) ? `take ${event.key}` : page.byKey.get(event.key.toLowerCase()) ?? ARROWS[event.key];
  if (!action || (!page.keys && action !== "help") || (event.repeat && !FREE.has(action))) return;
  event.preventDefault();
  enqueue(action);
}

function splitKey(event) {
  if (event.key === "Escape") return "cancel";
  if (event.key === "Enter" && !event.target.closest?.("button")) return "keep";
  return /^[1-9]$/.test(event.key) ? event.key : "";
}

function onReasonKey(event) {
  if (event.key !== "Escape" && event.key !== "Enter") return;
  event.preventDefault();
  $("comment").blur();
}

// -------------------------------------------------------------------------------------------------------------- help

function toggleHelp() {
  const dialog = $("keys");
  if (dialog.open) return dialog.close();
  const rows = Object.values(page.words.action).map((entry) => make("tr", {},
    make("th", { scope: "row" }, make("kbd", {}, entry.key)), make("td", {}, entry[`help_${page.language}`])));
  const lines = make("label", { class: "check" }, make("input", { type: "checkbox", checked: page.keys,
    onchange: (event) => { page.keys = event.target.checked; } }), say("keys"));
  dialog.replaceChildren(make("h2", { id: "keystitle" }, say("help")), make("table", {}, make("tbody", {}, ...rows)), lines,
    make("button", { type: "button", class: "act", autofocus: true, onclick: () => dialog.close() }, make("span", {}, say("close")), make("kbd", {}, "Esc")));
  return dialog.showModal();
}

// ------------------------------------------------------------------------------------------------------------- start

function options(select, entries, value) {
  select.replaceChildren(...entries.map(([key, text]) => make("option", { value: key, selected: String(key) === String(value) }, text)));
}

function drawWords() {
  document.documentElement.lang = page.language;
  document.title = `cleanse · ${say("title")}`;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = say(node.dataset.t);
  $("help").replaceChildren(say("help"), " ", make("kbd", { "aria-hidden": "true" }, "?"));
  $("filters").setAttribute("aria-label", say("filters"));
  $("actions").setAttribute("aria-label", say("actions"));
  $("who").textContent = say("reviewer", { who: page.who });
  options($("entity"), Object.entries(page.entities).map(([name, e]) => [name, pick(e.label)]), $("entity").value || page.first.entity);
  options($("sheet"), Object.entries(page.words.sheet).filter(([name]) => name !== "sample" || count(name)).map(([name, words]) => [name, `${pick(words)} (${count(name)})`]), $("sheet").value || page.first.sheet);
  options($("state"), [["", say("everything")], ["open", say("open")], ["done", say("done")], ["defer", verdictWord("defer")]], $("state").value);
  options($("owner"), [["", say("everyone")], ...page.owners.map((name, at) => [at, name])], $("owner").value);
}

const count = (sheet) => page.groups.filter((g) => g.sheet === sheet && g.entity === ($("entity").value || page.first.entity)).length;

function onlyDiffering() {
  page.only = $("only").checked;
  draw();
}

async function start() {
  const got = await ask("/api/start");
  const groups = got.groups.map(([id, entity, sheet, size, owners, state]) => ({ id, entity, sheet, size, owners, state }));
  const language = sessionStorage.getItem("language") ?? got.language;
  Object.assign(page, got, { groups, language, byKey: new Map(Object.entries(got.words.action).map(([name, e]) => [e.key, name])) });
  const last = groups[sessionStorage.getItem("at") ?? -1];
  page.first = last ?? groups.find((g) => g.sheet === "review" && !known(g)) ?? groups[0] ?? { entity: Object.keys(got.entities)[0], sheet: "review" };
  drawWords();
  document.body.classList.toggle("one-entity", Object.keys(got.entities).length < 2);
  document.body.classList.toggle("no-owner", !got.owners.length);
  for (const id of ["entity", "sheet", "state", "owner", "crossing"])
    $(id).addEventListener("change", () => { drawWords(); inTurn(() => refilter().then(() => tell(describe()))); });
  $("only").addEventListener("change", onlyDiffering);
  $("help").addEventListener("click", () => enqueue("help"));
  $("language").addEventListener("click", () => {
    page.language = page.language === "zh" ? "en" : "zh";
    sessionStorage.setItem("language", page.language);
    drawWords();
    draw();
  });
  document.addEventListener("keydown", onKey);
  await refilter(last?.id);
  document.body.dataset.ready = "";
  tell(describe());
}

start().catch((error) => { if (page.words) alarm(error); else document.body.textContent = "cleanse review serve?"; });
