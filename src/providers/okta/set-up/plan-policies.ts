import {
  activation,
  type Ids,
  joinPlans,
  type OktaChange,
  type OktaPlan,
  putBack,
  serversPath,
  writable,
} from './change.ts';
import type { FoundServer, OktaFound } from './found.ts';
import type { OktaPolicy, OktaRule } from './okta-shapes.ts';
import { openIdScopes, type OktaWanted } from './wanted.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';

interface WantedPolicy {
  readonly server: 'signIn' | 'backend';
  readonly serverName: string;
  readonly app: 'client' | 'gateway';
  readonly appLabel: string;
  readonly policyName: string;
  readonly ruleName: string;
  readonly grantType: string;
  readonly scopes: readonly string[];
}

/** An access policy with a rule on each server: nothing is granted without. */
export function planPolicies(wanted: OktaWanted, found: OktaFound): OktaPlan {
  return joinPlans(
    planPolicy(
      {
        server: 'signIn',
        serverName: found.signIn?.server.name ?? wanted.signIn.audience,
        app: 'client',
        appLabel: wanted.client.label,
        policyName: 'MCP clients',
        ruleName: 'People call tools',
        grantType: 'authorization_code',
        scopes: [...openIdScopes, ...wanted.signIn.scopes],
      },
      found.signIn,
      found.client?.app.id,
    ),
    planPolicy(
      {
        server: 'backend',
        serverName: found.backend?.server.name ?? wanted.backend.audience,
        app: 'gateway',
        appLabel: wanted.gateway.label,
        policyName: 'MCP gateway',
        ruleName: 'Exchange tokens',
        grantType: tokenExchangeGrant,
        scopes: wanted.backend.scopes,
      },
      found.backend,
      found.gateway?.app.id,
    ),
  );
}

function planPolicy(wanted: WantedPolicy, found: FoundServer | undefined, appId: string | undefined): OktaPlan {
  const policies = found?.policies ?? [];
  // Whoever set it up, and whatever it is called: what grants it already is enough.
  const granting = policies.find(
    ({ policy, rules }) =>
      policy.status === 'ACTIVE' && isAbout(policy, appId) && rules.some((rule) => grants(rule, wanted)),
  );
  const { serverName, grantType, scopes, appLabel } = wanted;
  if (granting !== undefined) {
    const name = granting.policy.name;
    return {
      found: [`Policy "${name}" of "${serverName}" grants "${appLabel}" ${grantType} for ${scopes.join(' ')}`],
      changes: [],
    };
  }
  const own = policies.find(({ policy }) => policy.name === wanted.policyName);
  if (own === undefined) {
    return { found: [], changes: [createPolicy(wanted, policies.length + 1), createRule(wanted, undefined, 1)] };
  }
  const { policy, rules } = own;
  const rule = rules.find(({ name }) => name === wanted.ruleName);
  return {
    found: [],
    changes: [
      ...(isAbout(policy, appId) ? [] : [addClient(wanted, policy)]),
      ...(policy.status === 'ACTIVE' ? [] : [activate(wanted, `the policy "${policy.name}"`, `policies/${policy.id}`)]),
      ...(rule === undefined ? [createRule(wanted, policy.id, rules.length + 1)] : mendRule(wanted, policy, rule)),
    ],
  };
}

/** Is the policy assigned to the app? */
export function isAbout({ conditions }: OktaPolicy, appId: string | undefined): boolean {
  const { include } = conditions.clients;
  return include.includes('ALL_CLIENTS') || (appId !== undefined && include.includes(appId));
}

/** Source: https://developer.okta.com/docs/concepts/policies/: a rule has to cover grant, person and every scope. */
function grants({ status, conditions }: OktaRule, { grantType, scopes }: WantedPolicy): boolean {
  return status === 'ACTIVE' && covers(conditions, grantType, scopes);
}

function covers({ people, grantTypes, scopes }: OktaRule['conditions'], grant: string, wanted: readonly string[]) {
  return (
    people.groups.include.includes('EVERYONE') &&
    grantTypes.include.includes(grant) &&
    (scopes.include.includes('*') || wanted.every((scope) => scopes.include.includes(scope)))
  );
}

function createPolicy(wanted: WantedPolicy, priority: number): OktaChange {
  const { server, serverName, app, appLabel, policyName } = wanted;
  return {
    action: 'create',
    sentence: `Add the access policy "${policyName}" to the authorization server "${serverName}", assigned to the app "${appLabel}"`,
    makes: `${server}Policy`,
    request: (ids) => ({
      method: 'POST',
      path: `${serversPath}/${ids(server)}/policies`,
      body: {
        type: 'OAUTH_AUTHORIZATION_POLICY',
        status: 'ACTIVE',
        name: policyName,
        description: `What the app "${appLabel}" may ask for`,
        priority,
        conditions: { clients: { include: [ids(app)] } },
      },
    }),
    undo: (ids, id) => ({
      sentence: `Delete the access policy "${policyName}" of the authorization server "${serverName}"`,
      requests: [{ method: 'DELETE', path: `${serversPath}/${ids(server)}/policies/${id()}` }],
    }),
  };
}

function addClient({ server, serverName, app, appLabel }: WantedPolicy, policy: OktaPolicy): OktaChange {
  const path = (ids: Ids) => `${serversPath}/${ids(server)}/policies/${policy.id}`;
  return {
    action: 'change',
    sentence: `Assign the access policy "${policy.name}" of the authorization server "${serverName}" to the app "${appLabel}", too`,
    request: (ids) => ({
      method: 'PUT',
      path: path(ids),
      body: {
        ...writable(policy),
        conditions: {
          ...policy.conditions,
          clients: { ...policy.conditions.clients, include: [...policy.conditions.clients.include, ids(app)] },
        },
      },
    }),
    undo: (ids) => ({
      sentence: `Put the access policy "${policy.name}" of the authorization server "${serverName}" back as it was`,
      requests: [putBack(path(ids), policy)],
    }),
  };
}

function createRule(wanted: WantedPolicy, policyId: string | undefined, priority: number): OktaChange {
  const { server, policyName, ruleName, grantType, scopes } = wanted;
  const path = (ids: Ids) => `${serversPath}/${ids(server)}/policies/${policyId ?? ids(`${server}Policy`)}/rules`;
  return {
    action: 'create',
    sentence: `Add the rule "${ruleName}" to the policy "${policyName}": ${grantType}, anybody assigned to the app, scopes ${scopes.join(' ')}`,
    request: (ids) => ({
      method: 'POST',
      path: path(ids),
      body: {
        type: 'RESOURCE_ACCESS',
        status: 'ACTIVE',
        name: ruleName,
        priority,
        conditions: {
          people: { users: { include: [], exclude: [] }, groups: { include: ['EVERYONE'], exclude: [] } },
          grantTypes: { include: [grantType] },
          scopes: { include: scopes },
        },
        actions: {
          token: {
            accessTokenLifetimeMinutes: 60,
            refreshTokenLifetimeMinutes: 0,
            refreshTokenWindowMinutes: 10_080,
          },
        },
      },
    }),
    undo: (ids, id) => ({
      sentence: `Delete the rule "${ruleName}" of the policy "${policyName}"`,
      requests: [{ method: 'DELETE', path: `${path(ids)}/${id()}` }],
    }),
  };
}

function mendRule(wanted: WantedPolicy, policy: OktaPolicy, rule: OktaRule): readonly OktaChange[] {
  const { server, serverName, grantType, scopes } = wanted;
  const place = `policies/${policy.id}/rules/${rule.id}`;
  const path = (ids: Ids) => `${serversPath}/${ids(server)}/${place}`;
  const { conditions } = rule;
  const isActive = rule.status === 'ACTIVE';
  const add = (found: readonly string[], more: readonly string[]) => [...new Set([...found, ...more])];
  const mend: OktaChange = {
    action: 'change',
    sentence: `In the rule "${rule.name}" of the policy "${policy.name}" of "${serverName}": grant ${grantType} to anybody assigned to the app, scopes ${scopes.join(' ')}`,
    request: (ids) => ({
      method: 'PUT',
      path: path(ids),
      body: {
        ...writable(rule),
        conditions: {
          ...conditions,
          people: {
            ...conditions.people,
            groups: { ...conditions.people.groups, include: ['EVERYONE'] },
          },
          grantTypes: { ...conditions.grantTypes, include: add(conditions.grantTypes.include, [grantType]) },
          scopes: {
            ...conditions.scopes,
            include: conditions.scopes.include.includes('*') ? ['*'] : add(conditions.scopes.include, scopes),
          },
        },
      },
    }),
    undo: (ids) => ({
      sentence: `Put the rule "${rule.name}" of the policy "${policy.name}" back as it was`,
      requests: [putBack(path(ids), rule)],
    }),
  };
  return [
    ...(covers(conditions, grantType, scopes) ? [] : [mend]),
    ...(isActive ? [] : [activate(wanted, `the rule "${rule.name}" of the policy "${policy.name}"`, place)]),
  ];
}

function activate({ server, serverName }: WantedPolicy, what: string, place: string): OktaChange {
  return activation(
    `${what} of the authorization server "${serverName}"`,
    (ids) => `${serversPath}/${ids(server)}/${place}`,
  );
}
