import { describe } from '../lib/describe-error.ts';
import { UsherError } from './usher-error.ts';

/** Why something failed, for people: a refusal's own sentence, or an error of the system in a few words. */
export function reasonOf(error: unknown): string {
  return error instanceof UsherError ? error.message : describe(error);
}
