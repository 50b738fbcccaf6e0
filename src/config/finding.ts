import type { Segment } from './leaves.ts';

/** A finding that concerns more than one setting. */
export interface Finding {
  readonly path: readonly Segment[];
  readonly what: string;
}
