/** How a header carries a token. */
export interface HeaderForm {
  /** In lower case. */
  readonly name: string;
  /** What stands before the token, with its blank; may be empty. */
  readonly prefix: string;
}

/** RFC 6750 §2.1. */
export const authorizationHeader: HeaderForm = Object.freeze({ name: 'authorization', prefix: 'Bearer ' });

/** RFC 9449 §7.1: the one form of a token that is bound to a key. */
export const boundHeader: HeaderForm = Object.freeze({ name: 'authorization', prefix: 'DPoP ' });

/** Settings of every credential that has a header. */
export interface HeaderSettings {
  readonly header: string;
  readonly headerPrefix?: string | undefined;
}

/** The header of these settings: without a prefix that is set, `Bearer` belongs to Authorization and to no other. */
export function buildHeaderForm({ header, headerPrefix }: HeaderSettings): HeaderForm {
  const name = header.toLowerCase();
  const prefix = headerPrefix ?? (name === authorizationHeader.name ? 'Bearer' : '');
  return { name, prefix: prefix === '' ? '' : `${prefix} ` };
}
