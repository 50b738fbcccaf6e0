import type { LiveApp, LiveGroup, LivePolicy, LiveRule, LiveServer, LiveUser, OrgData } from '../state/state-schema.ts';
import { ApiError, notFound } from './api-error.ts';

/** What a path names, in the org or in a draft of it. Each throws `ApiError` E0000007. */
export function serverOf(data: OrgData, id: string): LiveServer {
  return itemIn(data.servers, id, 'AuthorizationServer');
}

export function policyOf(server: LiveServer, id: string): LivePolicy {
  return itemIn(server.policies, id, 'PolicyMediated');
}

export function ruleOf(policy: LivePolicy, id: string): LiveRule {
  return itemIn(policy.rules, id, 'PolicyRuleMediated');
}

export function appOf(data: OrgData, id: string): LiveApp {
  const app = data.apps.find(({ clientId }) => clientId === id);
  if (app === undefined) throw notFound(id, 'AppInstance');
  return app;
}

export function groupOf(data: OrgData, id: string): LiveGroup {
  return itemIn(data.groups, id, 'UserGroup');
}

/** Users are named by id or by login. */
export function userOf(data: OrgData, id: string): LiveUser {
  const user = data.users.find((one) => one.id === id || one.login.toLowerCase() === id.toLowerCase());
  if (user === undefined) throw notFound(id, 'User');
  return user;
}

/** The one with this id; `type` in Okta's words. */
export function itemIn<T extends { readonly id: string }>(list: readonly T[], id: string, type: string): T {
  const item = list.find((one) => one.id === id);
  if (item === undefined) throw notFound(id, type);
  return item;
}

/** Takes one out of a list. */
export function removeFrom<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
}

/** Parameters of a route are there whenever its path fits. */
export function param(params: Readonly<Record<string, string>>, name: string): string {
  const value = params[name];
  if (value === undefined) throw new ApiError(404, 'E0000008', 'The requested path was not found');
  return value;
}
