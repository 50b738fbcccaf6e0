import { sessionSettings } from '../../bridge/session-settings.ts';

/** Settings of servers of HTTP+SSE beside where they are: for `transport: sse` of those that run already. */
export function sseSettings() {
  return sessionSettings();
}
