/** Keys that somebody decides on in one object, and in the objects and lists under them. */
export interface DecisiveKeys {
  readonly under: ReadonlyMap<string, DecisiveKeys | undefined>;
  /** The same keys, by what a reader makes of them who matches names without regard to case. */
  readonly spelled: ReadonlyMap<string, string>;
}

/** What is looked for, see {@link findJsonHazard}. */
export interface Hazards {
  readonly decisive: DecisiveKeys;
  /** Of lists and objects in one another. */
  readonly levels: number;
}

/** Objects this deep are looked at; what lies deeper nobody decides on. */
const deepest = 3;

/** Names the keys that decisions rest on.
 * @param names each key, and what is decisive under it; undefined where nothing is
 */
export function decisiveKeys(names: Readonly<Record<string, DecisiveKeys | undefined>>): DecisiveKeys {
  const under = new Map(Object.entries(names));
  return { under, spelled: new Map([...under.keys()].map((name) => [folded(name), name])) };
}

/** Finds what makes a JSON text dangerous to read on: a key that stands twice in one object, which means different things
 * to different readers (some take the first, some the last, some refuse: RFC 8259 §4); a decisive key in another case
 * (some readers match names without regard to it); nesting without end, since a few megabytes of brackets become hundreds
 * of megabytes of empty lists. Elements of a list count as the list's place.
 *
 * @param text need not be valid JSON; what is no JSON can have no hazard
 * @returns what is wrong, as a clause; undefined when nothing is
 */
export function findJsonHazard(text: string, hazards: Hazards): string | undefined {
  const scan = new Scan(text, hazards);
  for (let at = 0; at < text.length && scan.hazard === undefined;) at = scan.step(at);
  return scan.hazard;
}

const [quote, comma, colon, braceOpen, braceClose, bracketOpen, bracketClose, backslash] = [
  0x22, 0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d, 0x5c,
];

/** An object or list that is open; of a list, what its elements have. */
interface Open {
  readonly isObject: boolean;
  readonly decisive: DecisiveKeys | undefined;
  readonly keys: Set<string>;
  /** The key whose value comes. */
  current: string;
}

const nothing = new Set<string>();

class Scan {
  hazard: string | undefined;
  readonly #text: string;
  readonly #hazards: Hazards;
  readonly #open: Open[] = [];
  #objects = 0;
  #isKeyNext = false;

  constructor(text: string, hazards: Hazards) {
    this.#text = text;
    this.#hazards = hazards;
  }

  /** Looks at one character, or one string; returns where the next one is. */
  step(at: number): number {
    switch (this.#text.charCodeAt(at)) {
      case quote: {
        const end = this.#endOfString(at);
        if (this.#isKeyNext && this.#objects <= deepest) this.#takeKey(this.#text.slice(at + 1, end - 1));
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
    const parent = this.#open.at(-1);
    this.#open.push({
      isObject,
      decisive: this.#findDecisive(parent),
      keys: isObject && this.#objects <= deepest ? new Set() : nothing,
      current: '',
    });
    this.#isKeyNext = isObject;
    const { levels } = this.#hazards;
    if (this.#open.length > levels) this.hazard = `it is nested deeper than ${levels} levels`;
  }

  #findDecisive(parent: Open | undefined): DecisiveKeys | undefined {
    if (parent === undefined) return this.#hazards.decisive;
    return parent.isObject ? parent.decisive?.under.get(parent.current) : parent.decisive;
  }

  /** Where what follows the closing quote is. */
  #endOfString(start: number): number {
    for (let end = this.#text.indexOf('"', start + 1); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.#text.charCodeAt(end - 1 - backslashes) === backslash) backslashes += 1;
      if (backslashes % 2 === 0) return end + 1;
    }
    return this.#text.length;
  }

  #takeKey(raw: string): void {
    const object = this.#open.at(-1);
    if (object === undefined) return;
    const key = raw.includes('\\') ? unescaped(raw) : raw;
    if (object.keys.has(key)) this.hazard = `the key ${shown(key)} stands twice in ${this.#place()}`;
    const { decisive } = object;
    if (decisive?.under.has(key) === false) {
      const meant = decisive.spelled.get(folded(key));
      if (meant !== undefined) this.hazard = `the key ${shown(key)} in ${this.#place()} is spelled ${shown(meant)}`;
    }
    object.keys.add(key);
    object.current = key;
  }

  #place(): string {
    const path = this.#open.slice(0, -1).flatMap(({ isObject, current }) => (isObject ? [current] : []));
    return path.length === 0 ? 'a message' : path.join('.');
  }
}

function unescaped(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}

/** Upper case first: it also takes letters such as ſ and K (Kelvin) to the ones that careless readers match them with. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function shown(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key);
}
