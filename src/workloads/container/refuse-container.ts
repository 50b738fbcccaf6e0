import { fail, type UsherError } from '../../model/usher-error.ts';

/** Why a container does not run, as a clause, and what to do about it. */
export function refuseContainer(image: string, reason: string, advice: string, cause?: unknown): UsherError {
  return fail('container_failed', { image, reason, advice }, cause === undefined ? {} : { cause });
}
