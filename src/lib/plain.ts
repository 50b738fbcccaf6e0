/** Control sequences of terminals (ECMA-48 §5.4, §5.6) with what belongs to them. Each part ends before the next escape, so that
 * no text takes longer than a look at its characters.
 */
const sequences =
  // oxlint-disable-next-line no-control-regex -- removing control characters is the point
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c\u009d]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/g;

/** Text of others for a terminal: without control characters, which could move the cursor or change colours. */
export function plain(text: string): string {
  return text.replaceAll(sequences, '').replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

/** The same for text whose lines are meant. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

/** JSON that stands for the same, and that a terminal shows as it is: what JSON leaves alone and terminals obey (ECMA-48 §8.3, the second
 * set of control characters; marks that turn a line around; breaks of lines) is written by its number.
 */
export function visibleJson(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
