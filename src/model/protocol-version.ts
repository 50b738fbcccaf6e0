/** The first version without sessions, whose requests repeat parts of their body in headers. */
const firstModern = '2026-07-28';

/** Is this a version from 2026-07-28 on? Versions are dates: their order is that of their text. */
export function isModern(version: string | undefined): boolean {
  return version !== undefined && /^\d{4}-\d\d-\d\d$/.test(version) && version >= firstModern;
}
