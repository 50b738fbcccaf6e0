import { fail, type UsherError } from '../../../model/usher-error.ts';
import { title } from './admin-api.ts';

/** Something is in the way of the set-up. */
export function conflict(reason: string, advice: string): UsherError {
  return fail('setup_conflict', { title, reason, advice });
}
