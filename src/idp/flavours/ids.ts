import { createHash } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A UUID that is the same at every start. */
export function stableUuid(text: string): string {
  const hex = digest(text);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** So many hexadecimal digits that are the same at every start. */
export function stableHex(text: string, digits: number): string {
  return digest(text).slice(0, digits);
}
