import type { Clock } from '../../lib/clock.ts';
import { HttpClientError, type HttpClient } from '../../lib/http-client.ts';
import { RetryBudget } from '../../lib/retry-budget.ts';
import { Slots } from '../../lib/slots.ts';
import { TokenBucket } from '../../lib/token-bucket.ts';
import type { Log } from '../../model/log.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import { Availability } from '../../oauth/availability.ts';
import { buildClientAuthentication } from '../../oauth/client-authentication/build-client-authentication.ts';
import { EndpointLocation } from './endpoint-location.ts';
import type { IntrospectionSettings } from './schema.ts';
import { sendIntrospection, type IntrospectionAnswer } from './send-introspection.ts';

export interface IntrospectionDeps {
  readonly http: HttpClient;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
  /** Certificate authorities to trust; Node's own list when absent. */
  readonly ca?: readonly string[] | undefined;
}

/** An introspection endpoint as a neighbour that can fail, and that strangers must not be able to wear out. */
export interface IntrospectionEndpoint {
  /** Where that is, for messages. */
  readonly label: string;
  /** What is lacking to ask, with why, for the operator; undefined when it is known where to ask. */
  readonly lacking: string | undefined;
  /** Finds out where to ask, if nobody did; does not fail when that cannot be had. */
  warmUp(): Promise<void>;
  /** What the issuer says of a token; undefined when it is not active.
   * @param wasActive did it say so of this token before?
   * @throws UsherError introspection_undiscovered, introspection_unavailable, introspection_misconfigured,
   * introspection_answer_invalid
   */
  ask(callerToken: string, wasActive: boolean): Promise<IntrospectionAnswer | undefined>;
}

const timeoutMs = 5_000;
/** Questions under way at once, for each mounted server, and how many may wait for one of them to end. */
const mostUnderWay = 64;
const mostWaiting = 1024;
/** Tokens nobody knows: so many at once, then twenty a second. One that turns out to be good is not counted; more of them
 * than can be under way at once, so that a crowd that signs in is not taken for a flood.
 */
const strangers = { burst: 200, intervalMs: 50 };
const repeatable = { share: 0.2, most: 10 };

/** The introspection endpoint of an issuer, for one mounted server. */
export function buildIntrospectionEndpoint(
  settings: IntrospectionSettings,
  deps: IntrospectionDeps,
): IntrospectionEndpoint {
  const { issuer } = settings;
  const { http, now } = deps;
  const location = new EndpointLocation(settings, deps);
  const client = buildClientAuthentication(settings, deps);
  const unavailable = (reason: string, retryAfterSeconds = 1) =>
    fail('introspection_unavailable', { issuer, url: location.label, reason }, { retryAfterSeconds });
  const availability = new Availability({
    ...deps,
    get url() {
      return location.label;
    },
    work: { plural: 'introspections', refuse: unavailable },
  });
  const slots = new Slots({ most: mostUnderWay, mostWaiting });
  const budget = new RetryBudget(repeatable);
  const unknownTokens = new TokenBucket({ ...strangers, nowMs: now() });

  /** A question changes nothing, so that one whose connection broke can be asked again. */
  async function send(callerToken: string, url: string): Promise<IntrospectionAnswer | undefined> {
    const once = () => sendIntrospection(callerToken, { issuer, url, client, timeoutMs, http, nowMs: now() });
    budget.earn();
    try {
      return await once();
    } catch (error) {
      const cause = error instanceof UsherError ? error.cause : undefined;
      if (!(cause instanceof HttpClientError && cause.wasNotAnswered && budget.spend())) throw error;
      return once();
    }
  }

  async function takeSlot(): Promise<void> {
    const place = slots.take();
    if (place === undefined) throw unavailable(`${mostUnderWay} questions are under way and ${mostWaiting} wait`);
    if (!place.isWaiting) return;
    const timer = setTimeout(
      () => place.giveUp(unavailable(`${mostUnderWay} questions are under way, and none ended in time`)),
      timeoutMs,
    );
    await place.taken.finally(() => clearTimeout(timer));
  }

  return {
    get label() {
      return location.label;
    },
    get lacking() {
      return location.lacking;
    },
    async warmUp() {
      // It is in the log, and told to whoever calls before it is mended.
      await location.find().catch(() => undefined);
    },
    async ask(callerToken, wasActive) {
      const refusal = availability.findRefusal();
      if (refusal !== undefined) throw refusal;
      const url = await location.find();
      await takeSlot();
      try {
        if (!wasActive && !unknownTokens.take(now())) throw unavailable('asked about too many tokens it does not know');
        const answer = await availability.take('introspection_unavailable', () => send(callerToken, url), callerToken);
        if (!wasActive && answer !== undefined) unknownTokens.giveBack();
        return answer;
      } finally {
        slots.release();
      }
    },
  };
}
