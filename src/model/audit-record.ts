import type { ErrorCode, Stage } from './errors.ts';
import type { TokenClaims } from './caller.ts';

/** One line of the audit trail: who did what, when, and with which two tokens. Never token material. */
export interface AuditRecord {
  readonly v: 1;
  /** RFC 3339, UTC, milliseconds: when the request came in. */
  readonly time: string;
  /** Request id: the same in the caller's error, the log and here. */
  readonly id: string;
  /** W3C trace id when the caller sent a valid traceparent. */
  readonly trace?: string;
  /** Name of the mounted server. */
  readonly server?: string;
  readonly who: {
    readonly iss?: string;
    readonly sub?: string;
    readonly client?: string;
    readonly name?: string;
  };
  /** Network address the request came from. */
  readonly from?: string;
  readonly what: {
    readonly http: string;
    readonly kind?: 'request' | 'notification' | 'response';
    readonly method?: string;
    readonly tool?: string;
    readonly target?: string;
    readonly rpcId?: string | number | null;
    readonly upstream?: string;
  };
  readonly decision: 'allowed' | 'refused' | 'failed' | 'cancelled';
  /** What allowed it, or the error code. */
  readonly reason: string;
  readonly stage?: Stage;
  /** The operator's hint for a refusal. */
  readonly hint?: string;
  readonly code?: ErrorCode;
  /** The caller's token; `unverified` when it was refused before its signature was checked. */
  readonly caller?: TokenClaims & { readonly unverified?: true };
  readonly exchanged?: TokenClaims & {
    readonly strategy: string;
    readonly source: 'fresh' | 'cached' | 'none';
    readonly ms: number;
  };
  readonly status: number;
  readonly upstreamStatus?: number;
  readonly ms: { readonly total: number; readonly firstByte?: number; readonly exchange?: number };
  readonly bytes?: number;
}
