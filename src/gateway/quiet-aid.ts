import type { Log } from '../model/log.ts';
import type { LoginAid } from '../model/login-aid.ts';

/** For gateways nobody watches at a terminal: what a person has to know is in the log. */
export function buildQuietAid(log: Log): LoginAid {
  return { hasBrowser: false, open: () => Promise.resolve(false), tell: (text) => log.warn(text) };
}
