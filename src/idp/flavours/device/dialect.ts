import type { IncomingMessage } from 'node:http';
import type { SeedApp } from '../../seed/seed-schema.ts';
import type { Asked, Layout, Parameters, Tenant } from '../flavour.ts';
import type { RefusalRow } from '../token-refusal.ts';

/** How one provider speaks the device authorization grant (RFC 8628). */
export interface DeviceDialect {
  /** Path of the device authorization endpoint (§3.1). */
  endpoint(layout: Layout): string;
  /** Path of the page where a person types the code in (§3.3). */
  page(layout: Layout): string;
  readonly userCode: UserCodeForm;
  /** Is there an address with the code in it (§3.3.1)? */
  readonly hasCompleteUri: boolean;
  /** What a person does once the code is known. Nobody is let in without having confirmed (§5.4). */
  readonly steps: readonly VerificationStep[];
  /** Which app asks for codes, and may it?
   * @throws TokenRefusal
   */
  admit(tenant: Tenant, request: IncomingMessage, parameters: Parameters): SeedApp;
  /** What is asked for; as at the authorization endpoint when absent.
   * @throws TokenRefusal
   */
  readRequest?(tenant: Tenant, app: SeedApp, parameters: Parameters): Asked;
  /** May this app, which has proved who it is, ask for tokens?
   * @throws TokenRefusal
   */
  checkPoll(tenant: Tenant, app: SeedApp): void;
  /** What its answer has beside RFC 8628's members (§3.2). */
  more?(codes: { readonly userCode: string; readonly uri: string }): Readonly<Record<string, unknown>>;
  /** Takes a code challenge with the request for codes, and the verifier with each poll (RFC 7636). */
  readonly takesChallenge: boolean;
  /** Says once that a code is over, then that it knows none such. */
  readonly forgetsExpired: boolean;
  readonly refusals: DeviceRefusals;
}

export interface UserCodeForm {
  readonly letters: string;
  /** How many letters between the dashes. */
  readonly groups: readonly number[];
}

export type VerificationStep = 'confirm' | 'sign-in';

/** Why there are no tokens (§3.5). */
export interface DeviceRefusals {
  readonly codeMissing: RefusalRow;
  readonly codeUnknown: RefusalRow;
  /** Another app's; as one that is unknown when absent. */
  readonly codeOfAnother?: RefusalRow;
  readonly pending: RefusalRow;
  /** Asked too soon; never said when absent. `{interval}` is the seconds between two polls. */
  readonly slowDown?: RefusalRow;
  readonly denied: RefusalRow;
  readonly expired: RefusalRow;
  readonly verifierMissing?: RefusalRow;
  readonly verifierWrong?: RefusalRow;
}
