import type { AdminRequest, SetUpPlan, UndoStep } from '../../../model/set-up.ts';

/** What a set-up makes and refers to later. */
export type Key = 'signIn' | 'backend' | 'client' | 'gateway' | 'group' | 'signInPolicy' | 'backendPolicy';

/** The ids that are known so far. */
export type Ids = (key: Key) => string;

/** One change of a plan: what is sent and how it is taken back, once the ids before it are known. */
export interface OktaChange {
  readonly action: 'create' | 'change';
  readonly sentence: string;
  readonly request: (ids: Ids) => AdminRequest;
  /** What the id in the answer is kept under, for the changes behind. */
  readonly makes?: Key;
  /** @param id of what was made, for those that made something */
  readonly undo: (ids: Ids, id: () => string) => UndoStep;
}

/** A part of a plan. */
export interface OktaPlan {
  readonly found: SetUpPlan['found'];
  readonly changes: readonly OktaChange[];
}

/** One plan of several, in their order. */
export function joinPlans(...parts: readonly OktaPlan[]): OktaPlan {
  return { found: parts.flatMap((part) => part.found), changes: parts.flatMap((part) => part.changes) };
}

export const serversPath = '/api/v1/authorizationServers';
export const appsPath = '/api/v1/apps';

const id = '[\\w.-]+';
const ofServer = `${serversPath}/${id}(?:/(?:scopes|associatedServers)/${id}|/policies/${id}(?:/rules/${id})?)?`;
const ofApp = `${appsPath}/${id}(?:/groups/${id})?`;
const undone = new RegExp(`^(?:${ofServer}|${ofApp})(/lifecycle/deactivate)?$`);

/** All that the undos of a set-up of Okta send: authorization servers and apps with what is in them, deleted, put back or switched off. */
export function mayUndoOkta({ method, path }: AdminRequest): boolean {
  const found = undone.exec(path);
  return found !== null && (method === 'POST') === (found[1] !== undefined);
}

/** Sends an object as it was before; what Okta alone writes is left out. */
export function putBack(path: string, before: Readonly<Record<string, unknown>>): AdminRequest {
  return { method: 'PUT', path, body: writable(before) };
}

const readOnly = new Set(['id', 'created', 'lastUpdated', '_links', '_embedded', 'system', 'orn', 'universalLogout']);

/** The parts of an object that may be written, without secrets. */
export function writable(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([name]) => !readOnly.has(name))
      .map(([name, value]) => [name, name === 'credentials' ? withoutSecret(value) : value]),
  );
}

/** A record must not hold it, and Okta keeps it where it is left out. */
function withoutSecret(credentials: unknown): unknown {
  if (typeof credentials !== 'object' || credentials === null || !('oauthClient' in credentials)) return credentials;
  const { oauthClient, ...others } = credentials;
  const kept = Object.entries(oauthClient ?? {}).filter(([name]) => name !== 'client_secret');
  return { ...others, oauthClient: Object.fromEntries(kept) };
}

/** Switches something on or off. */
export function lifecycle(path: string, verb: 'activate' | 'deactivate'): AdminRequest {
  return { method: 'POST', path: `${path}/lifecycle/${verb}` };
}

/** Makes something active that is there and is not. `what` as in `Activate ${what}`. */
export function activation(what: string, path: (ids: Ids) => string, whatBack = what): OktaChange {
  return {
    action: 'change',
    sentence: `Activate ${what}`,
    request: (ids) => lifecycle(path(ids), 'activate'),
    undo: (ids) => ({ sentence: `Deactivate ${whatBack}`, requests: [lifecycle(path(ids), 'deactivate')] }),
  };
}
