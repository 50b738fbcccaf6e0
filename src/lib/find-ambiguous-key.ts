/** Keys that somebody decides on, by the object they stand in: '' is the outermost, then the path of keys with dots. */
export type DecisiveKeys = ReadonlyMap<string, ReadonlySet<string>>;

/** Objects this deep are looked at; what lies deeper nobody decides on. */
const deepest = 3;

/** Finds what makes a JSON text mean different things to different readers: a key that stands twice in one object (some
 * readers take the first, some the last, some refuse: RFC 8259 §4), or a decisive key in another case (some readers match
 * names without regard to it). Elements of a list count as the list's place.
 *
 * @param text valid JSON: `JSON.parse` has taken it
 * @returns what is wrong, as a clause; undefined when nothing is
 */
export function findAmbiguousKey(text: string, decisive: DecisiveKeys): string | undefined {
  const scan = new Scan(text, decisive);
  for (let at = 0; at < text.length;) {
    at = scan.step(at);
    if (scan.problem !== undefined) return scan.problem;
  }
  return undefined;
}

const [quote, comma, colon, braceOpen, braceClose, bracketOpen, bracketClose, backslash] = [
  0x22, 0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d, 0x5c,
];

/** An object or list that is open. */
interface Open {
  readonly isObject: boolean;
  /** Of the object; of a list, what its elements have. */
  readonly path: string;
  readonly keys: Set<string>;
  /** The key whose value comes. */
  current: string;
}

const nothing = new Set<string>();

class Scan {
  problem: string | undefined;
  readonly #text: string;
  readonly #decisive: DecisiveKeys;
  readonly #open: Open[] = [];
  #objects = 0;
  #isKeyNext = false;

  constructor(text: string, decisive: DecisiveKeys) {
    this.#text = text;
    this.#decisive = decisive;
  }

  /** Looks at one character, or one string; returns where the next one is. */
  step(at: number): number {
    switch (this.#text.charCodeAt(at)) {
      case quote: {
        const end = this.#endOfString(at);
        if (this.#isKeyNext && this.#objects <= deepest) this.#takeKey(this.#text.slice(at, end));
        return end;
      }
      case braceOpen:
        this.#objects += 1;
        this.#push(true);
        break;
      case bracketOpen:
        this.#push(false);
        break;
      case braceClose:
        this.#objects -= 1;
        this.#open.pop();
        break;
      case bracketClose:
        this.#open.pop();
        break;
      case comma:
        this.#isKeyNext = this.#open.at(-1)?.isObject === true;
        break;
      case colon:
        this.#isKeyNext = false;
        break;
    }
    return at + 1;
  }

  #push(isObject: boolean): void {
    this.#open.push({
      isObject,
      path: this.#pathOfNext(),
      keys: isObject && this.#objects <= deepest ? new Set() : nothing,
      current: '',
    });
    this.#isKeyNext = isObject;
  }

  #pathOfNext(): string {
    const parent = this.#open.at(-1);
    if (parent === undefined || this.#objects > deepest) return '';
    if (!parent.isObject) return parent.path;
    return parent.path === '' ? parent.current : `${parent.path}.${parent.current}`;
  }

  #endOfString(start: number): number {
    for (let end = this.#text.indexOf('"', start + 1); ; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.#text.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1;
      if (backslashes % 2 === 0) return end + 1;
    }
  }

  #takeKey(quoted: string): void {
    const object = this.#open.at(-1);
    if (object === undefined) return;
    const key = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
    const place = object.path === '' ? 'a message' : object.path;
    if (object.keys.has(key)) this.problem = `the key ${shown(key)} stands twice in ${place}`;
    const decisive = this.#decisive.get(object.path);
    const meant = decisive === undefined || decisive.has(key) ? undefined : findMeant(key, decisive);
    if (meant !== undefined) this.problem = `the key ${shown(key)} in ${place} is spelled ${shown(meant)}`;
    object.keys.add(key);
    object.current = key;
  }
}

function findMeant(key: string, decisive: ReadonlySet<string>): string | undefined {
  const wanted = folded(key);
  return [...decisive].find((name) => folded(name) === wanted);
}

/** Upper case first: it also takes letters such as ſ and K (Kelvin) to the ones that careless readers match them with. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function shown(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
}
