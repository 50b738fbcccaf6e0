import type { Config, ServerConfig } from '../config/schema.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http-client.ts';
import type { Caller } from '../model/caller.ts';
import type { Provider } from '../model/provider.ts';
import type { Route } from '../model/route.ts';
import type { AdminAccess } from '../model/set-up-inspection.ts';
import type { Secret } from '../model/secret.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';
import type { UsherError } from '../model/usher-error.ts';
import type { IssuerMetadata } from './read-issuer-metadata.ts';
import type { SignInAid } from './sign-in-aid.ts';
import type { SignedInUser } from './sign-user-in.ts';

/** What a check came to. `warn`: it works, and will not for long. `unknown`: it could not be found out, and the evidence says
 * why.
 */
export interface Outcome {
  readonly result: 'pass' | 'warn' | 'fail' | 'unknown';
  /** What was seen: values, statuses, the other side's own words. */
  readonly evidence: string;
  /** Of a failure or warning: its name in the tables of causes, where it has one. */
  readonly cause?: string;
  readonly fix?: string;
}

/** One thing that must be right for a call to go through, as a row of a table. */
export interface Check {
  /** Kebab-case, stable: scripts look for it. */
  readonly id: string;
  readonly title: string;
  /** Checks that have to pass before, if with a warning: without them this one says nothing new. */
  readonly needs: readonly string[];
  /** Is there anything to check for this server? Always when absent. */
  readonly applies?: (patient: Patient) => boolean;
  /** May throw: what it cannot foresee becomes `unknown`. */
  run(patient: Patient): Promise<Outcome> | Outcome;
}

/** What the operator gave beside the configuration. */
export interface Aids {
  readonly callerToken?: Secret;
  /** Instead of that token: somebody signs in for one. */
  readonly signIn?: SignInAid;
  /** The client id people's MCP client signs in with. */
  readonly clientId?: string;
  /** How to look into the set-up of providers. */
  readonly administration?: ReadonlyMap<Provider['name'], Omit<AdminAccess, 'http' | 'ca'>>;
  /** A certificate that ends in fewer days is warned of; what is usual for certificates of its life when absent. */
  readonly certificateDays?: number;
  /** A tool without side effects, to be called with the exchanged token. */
  readonly tool?: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> };
}

/** One mounted server with the parts the gateway would serve it with, and what the checks found out so far. */
export interface Patient {
  readonly name: string;
  readonly config: Config;
  readonly server: ServerConfig;
  readonly route: Route;
  readonly http: HttpClient;
  readonly now: Clock;
  readonly aids: Aids;
  /** An issuer's metadata, asked for once. */
  readonly metadataOf: (issuer: string) => Promise<IssuerMetadata>;
  readonly findings: Findings;
}

/** What a check found out for those that need it. Each is written by one check. */
export interface Findings {
  /** By issuer. */
  metadata: ReadonlyMap<string, IssuerMetadata>;
  /** How the token endpoint answered a token that cannot be good. */
  probe?: UsherError;
  /** Of a sign-in that was made here, with the thumbprint of the key the token was asked to be bound to. */
  signedIn?: SignedInUser;
  caller?: Caller;
  credential?: UpstreamCredential;
}

/** The caller's token all is tried with: the one that was given, or that somebody signed in for. */
export function findCallerToken({ aids, findings }: Patient): Secret | undefined {
  return findings.signedIn?.callerToken ?? aids.callerToken;
}

export function pass(evidence: string): Outcome {
  return { result: 'pass', evidence };
}

export function unknown(evidence: string, fix?: string): Outcome {
  return { result: 'unknown', evidence, ...(fix === undefined ? {} : { fix }) };
}

/** It works now, and will stop to. */
export function warned(evidence: string, { cause, fix }: { readonly cause: string; readonly fix: string }): Outcome {
  return { result: 'warn', evidence, cause, fix };
}

export function failed(evidence: string, { cause, fix }: { readonly cause: string; readonly fix: string }): Outcome {
  return { result: 'fail', evidence, cause, fix };
}
