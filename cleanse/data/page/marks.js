// Which characters of a text another one has not.

const LONGEST = 200;

/** For each character of `value` whether `other` lacks it; null where marks would tell nothing. */
export function lacking(value, other) {
  const a = Array.from(other), b = Array.from(value);
  if (!a.length || !b.length || value === other || a.length > LONGEST || b.length > LONGEST) return null;
  const same = common(a, b);
  const count = same.filter(Boolean).length;
  return 2 * count < Math.min(a.length, b.length) ? null : same.map((yes) => !yes);
}

/** The pieces of `value` as [text, marked]: marked are the characters that one of `others` lacks. */
export function pieces(value, others) {
  const flags = others.map((other) => lacking(value, other)).filter(Boolean);
  const found = [];
  Array.from(value).forEach((c, at) => {
    const marked = flags.some((flag) => flag[at]);
    if (found.at(-1)?.[1] === marked) found.at(-1)[0] += c;
    else found.push([c, marked]);
  });
  return found;
}

/** For each of `b` whether it belongs to the longest common subsequence with `a`. */
function common(a, b) {
  const width = b.length + 1, best = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      best[i * width + j] = a[i] === b[j]
        ? best[(i + 1) * width + j + 1] + 1
        : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
  const same = new Array(b.length).fill(false);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) { same[j] = true; i++; j++; }
    else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i++;
    else j++;
  }
  return same;
}
