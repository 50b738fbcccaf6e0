import { plain, plainLines } from '../lib/plain.ts';
import type { TokenClaims } from './caller.ts';
import type { KnownRefusal } from './provider.ts';
import { type ErrorCode, type ErrorDetails, errorTable, type ErrorRow } from './errors.ts';

const longestDetail = 300;
/** Where no caller is involved: whoever starts something wants all of it. */
const longestAtStart = 2000;

/** Values can come from anybody: no control characters, none that turn the line around, bounded length. */
function printable(value: string | number, longest = longestDetail): string {
  const line = plain(String(value));
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}

/** Words of others often end with a full stop of their own: then the template's is one too many. */
function fill(
  template: string,
  details: Readonly<Record<string, string | number>>,
  clean: (value: string | number) => string,
) {
  return template.replaceAll(/\{(\w+)\}(\.(?= |$))?/g, (whole, name: string, stop: string = '') => {
    const value = details[name];
    if (value === undefined) return whole;
    const text = clean(value);
    return text.endsWith('.') ? text : text + stop;
  });
}

/** A refusal. `message` is public; `hint` and `cause` are for the operator. Made by {@link fail} only. */
export class UsherError extends Error {
  override readonly name = 'UsherError';
  readonly code: ErrorCode;
  readonly row: ErrorRow;
  readonly hint: string;
  readonly details: Readonly<Record<string, string | number>>;
  /** Which of several parts refused; the hint begins with it. */
  readonly place: string | undefined;
  readonly claims: TokenClaims | undefined;
  /** Seconds a caller should wait, where the one who refused us said so. */
  readonly retryAfterSeconds: number | undefined;
  /** Scopes the refused call needs, for the challenge. */
  readonly scopes: readonly string[] | undefined;
  /** What the challenge says beside the error. */
  readonly challengeParameters: Readonly<Record<string, string>>;
  /** For the caller's next proof (RFC 9449 §9). */
  readonly nonce: string | undefined;
  /** Of the command line, where it is another than the row's. */
  readonly exitCode: number | undefined;
  /** Which refusal of the provider behind it is, where it is a known one; its words are in the hint. */
  readonly known: KnownRefusal | undefined;

  constructor(code: ErrorCode, details: Readonly<Record<string, string | number>>, extra: FailExtra = {}) {
    const row = errorTable[code];
    // A configuration report has many lines on purpose; what it quotes may be of others all the same (a registry, a file of theirs).
    const bounded = (value: string | number) =>
      printable(value, row.stage === 'start' ? longestAtStart : longestDetail);
    const clean = row.stage === 'configure' ? (value: string | number) => plainLines(String(value)) : bounded;
    super(fill(row.message, details, clean), extra.cause === undefined ? {} : { cause: extra.cause });
    this.code = code;
    this.row = row;
    this.known = extra.known;
    this.exitCode = extra.exitCode;
    const place = extra.place === undefined ? '' : `${extra.place}: `;
    const known = extra.known === undefined ? '' : ` ${extra.known.cause} ${extra.known.fix}`;
    this.hint = `${place}${fill(row.hint, details, bounded)}${known}`;
    this.details = details;
    this.place = extra.place;
    this.claims = extra.claims;
    this.retryAfterSeconds = extra.retryAfterSeconds;
    this.scopes = extra.scopes;
    this.challengeParameters = extra.challengeParameters ?? {};
    this.nonce = extra.nonce;
  }

  /** The details as message and hint show them; undefined when there are none. */
  get shownDetails(): Readonly<Record<string, string | number>> | undefined {
    const entries = Object.entries(this.details);
    if (entries.length === 0) return undefined;
    return Object.fromEntries(
      entries.map(([name, value]) => [name, typeof value === 'number' ? value : printable(value)]),
    );
  }
}

export interface FailExtra {
  /** What a refused token says about itself, unverified: for the audit trail only. */
  readonly claims?: TokenClaims;
  readonly cause?: unknown;
  /** Which of several parts it was, for the operator: stands before the hint. */
  readonly place?: string;
  readonly retryAfterSeconds?: number;
  readonly scopes?: readonly string[];
  /** Of `WWW-Authenticate`, by name: public, and checked by whoever got the values from elsewhere. */
  readonly challengeParameters?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  /** What another process ended with, on whose behalf this one says it. */
  readonly exitCode?: number;
  /** What is known of the provider's answer, for the operator. */
  readonly known?: KnownRefusal | undefined;
}

/** The only way to refuse. `throw fail('audience_mismatch', { found: '"api"', expected: '"mcpserver"' })`. */
export function fail<C extends ErrorCode>(code: C, details: ErrorDetails<C>, extra?: FailExtra): UsherError {
  return new UsherError(code, details, extra);
}

/** The same refusal, saying which of several parts it comes from; anything else as it is. */
export function atPlace(error: unknown, place: string): unknown {
  if (!(error instanceof UsherError)) return error;
  const { code, details, claims, cause, retryAfterSeconds, scopes, challengeParameters, known } = error;
  return new UsherError(code, details, {
    ...(claims === undefined ? {} : { claims }),
    ...(cause === undefined ? {} : { cause }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(scopes === undefined ? {} : { scopes }),
    challengeParameters,
    known,
    place: error.place === undefined ? place : `${place}, ${error.place}`,
  });
}
