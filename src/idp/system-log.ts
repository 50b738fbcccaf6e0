import { randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { IdpOptions } from './running-idp.ts';
import type { RefusalCode } from './refusals.ts';

/** Something that happened at an authorization server, as the system log tells it. */
export interface SystemLogEvent {
  readonly id: string;
  readonly published: string;
  readonly eventType: string;
  readonly result: 'SUCCESS' | 'FAILURE';
  /** Okta's word for why not. */
  readonly reason: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What happened lately. Memory: a restart forgets it. */
export interface SystemLog {
  /** Oldest first. */
  readonly events: readonly SystemLogEvent[];
  /** Passes lines on, and keeps those that Okta's system log would have. */
  listenTo(log: NonNullable<IdpOptions['log']>): NonNullable<IdpOptions['log']>;
}

const most = 1000;

/** Grants and refusals of tokens, and sign-ins.
 * Source: https://developer.okta.com/docs/reference/api/event-types/ (app.oauth2.as.…, user.session.start)
 */
export function buildSystemLog(now: Clock): SystemLog {
  const events: SystemLogEvent[] = [];
  const add = (event: Pick<SystemLogEvent, 'eventType' | 'result' | 'reason' | 'fields'>) => {
    events.push({ id: randomUUID(), published: new Date(now()).toISOString(), ...event });
    if (events.length > most) events.shift();
  };
  return {
    events,
    listenTo:
      (log) =>
      (line, fields = {}) => {
        log(line, fields);
        const eventType = eventTypes[line];
        if (eventType === undefined) return;
        const isRefusal = line.endsWith('refused');
        const code = [fields['code'], fields['error']].find((word) => typeof word === 'string') ?? '';
        add({
          eventType,
          result: isRefusal ? 'FAILURE' : 'SUCCESS',
          reason: isRefusal ? (reasons[code] ?? code) : undefined,
          fields,
        });
      },
  };
}

const eventTypes: Readonly<Record<string, string>> = {
  'token issued': 'app.oauth2.as.token.grant.access_token',
  'token refused': 'app.oauth2.as.token.grant',
  'authorization refused': 'app.oauth2.as.authorize',
  'signed in': 'user.session.start',
  'sign-in refused': 'user.session.start',
};

// `no_matching_policy` and `openid_not_allowed_token_exchange` were observed; the others are ours, in that manner.
const reasons: Readonly<Record<string, string>> = {
  policy_failed: 'no_matching_policy',
  scope_not_exchangeable: 'openid_not_allowed_token_exchange',
  grant_not_configured: 'unauthorized_client',
  secret_invalid: 'invalid_client_secret',
  subject_token_invalid: 'invalid_subject_token',
  subject_token_expired: 'invalid_subject_token',
} satisfies Partial<Record<RefusalCode, string>>;
