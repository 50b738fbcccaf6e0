import type { Seed } from '../idp/seed/seed-schema.ts';
import type { FaultLab, LabFlavour } from './start-fault-lab.ts';
import type { GatewaySettings } from './gateway-settings.ts';

/** One thing that people get wrong, seeded into the scenario. */
export interface Fault {
  /** Kebab-case, stable. */
  readonly name: string;
  /** What is wrong, as whoever did it would say. */
  readonly title: string;
  /** The provider it is about; Okta when absent. */
  readonly flavour?: LabFlavour;
  /** How the identity provider is set up otherwise. */
  readonly seed?: (seed: Seed) => Seed;
  /** How the gateway is set up otherwise. */
  readonly gateway?: (lab: FaultLab) => Partial<GatewaySettings> | Promise<Partial<GatewaySettings>>;
  /** How far the gateway's clock is ahead. */
  readonly clockAheadMs?: number;
  /** What the caller shows instead of a good token. */
  readonly callerToken?: (lab: FaultLab) => Promise<string>;
  /** The name the caller has the gateway by. */
  readonly host?: string;
  /** Client that the operator has the doctor look at; the usual one otherwise. */
  readonly clientId?: string;
  /** Causes that `usher explain` may name for the call, or why it can say nothing. */
  readonly explain: Expectation;
  /** The same for the first check of `usher doctor` that fails. */
  readonly doctor: Expectation;
}

/** Ids of causes of which one has to be named; or a reason why nothing is to be seen from there. */
export type Expectation = readonly [string, ...string[]] | { readonly nothing: string };
