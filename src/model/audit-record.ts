import type { ErrorCode, Stage } from './errors.ts';
import type { TokenClaims } from './caller.ts';
import type { SignIn } from './sign-in.ts';
import type { CredentialStep, Operator } from './upstream-credential.ts';

/** One line of the audit trail: who did what, when, and with which two tokens. Never token material. What does not apply is
 * undefined and not written; every record has the same shape, since one is made for each message.
 */
export type AuditRecord = {
  readonly v: 1;
  /** RFC 3339, UTC, milliseconds: when the request came in. */
  readonly time: string;
  /** Request id: the same in the caller's error, the log and here. */
  readonly id: string;
  /** W3C trace id when the caller sent a valid traceparent. */
  readonly trace?: string | undefined;
  /** Name of the mounted server. */
  readonly server?: string | undefined;
  readonly who: {
    readonly iss?: string | undefined;
    readonly sub?: string | undefined;
    readonly client?: string | undefined;
    readonly name?: string | undefined;
  };
  /** Network address the request came from. */
  readonly from?: string | undefined;
  readonly what: {
    readonly http: string;
    readonly kind?: 'request' | 'notification' | 'response' | undefined;
    readonly method?: string | undefined;
    readonly tool?: string | undefined;
    readonly target?: string | undefined;
    readonly rpcId?: string | number | null | undefined;
    readonly upstream?: string | undefined;
  };
  readonly decision: 'allowed' | 'refused' | 'failed' | 'cancelled';
  /** What allowed it, or why it was refused, in words. */
  readonly reason: string;
  readonly stage?: Stage | undefined;
  /** The operator's hint for a refusal. */
  readonly hint?: string | undefined;
  readonly code?: ErrorCode | undefined;
  /** What a refusal is about, by the names the error table has: values found and expected, the provider's own words. */
  readonly details?: Readonly<Record<string, string | number>> | undefined;
  /** Which known refusal of the provider it was, by id. */
  readonly cause?: string | undefined;
  /** By which strategy the call was to go on, where that failed. */
  readonly credential?: string | undefined;
  /** A sign-in by the façade in place of a call. */
  readonly signIn?: SignIn | undefined;
  /** The caller's token; `unverified` when it was refused before its signature was checked. */
  readonly caller?: (TokenClaims & { readonly unverified?: true }) | undefined;
  readonly exchanged?:
    | (TokenClaims & {
        readonly strategy: string;
        readonly source: 'fresh' | 'cached' | 'static' | 'none';
        readonly ms: number;
        readonly as?: 'gateway' | 'operator';
        readonly operator?: Operator;
        readonly steps?: readonly CredentialStep[];
      })
    | undefined;
  readonly status: number;
  readonly upstreamStatus?: number | undefined;
  readonly ms: {
    readonly total: number;
    readonly firstByte?: number | undefined;
    readonly exchange?: number | undefined;
  };
  readonly bytes?: number | undefined;
};
