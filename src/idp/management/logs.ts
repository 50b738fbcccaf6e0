import type { SystemLogEvent } from '../system-log.ts';
import type { ApiContext, ApiRoute } from './api.ts';
import { ApiError } from './api-error.ts';
import { page } from './page.ts';

/** The system log: who was given a token, and why somebody was not.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/
 */
export const logRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/logs',
    handle: (context, request) => {
      const { query } = request;
      const [since, until] = [parseTime(query.get('since')), parseTime(query.get('until'))];
      const matches = parseFilter(query.get('filter'));
      const q = query.get('q')?.toLowerCase() ?? '';
      const list = context.org.systemLog.events
        .filter(({ published }) => (since ?? '') <= published && published < (until ?? '~'))
        .map((event) => ({ id: event.id, shown: showEvent(context, event) }))
        .filter(({ shown }) => matches(shown) && JSON.stringify(shown).toLowerCase().includes(q));
      const ordered = query.get('sortOrder') === 'DESCENDING' ? list.toReversed() : list;
      return page(context, request, { list: ordered, most: 1000, show: ({ shown }) => shown });
    },
  },
];

function parseTime(text: string | null): string | undefined {
  if (text === null) return undefined;
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new ApiError(400, 'E0000031', `Invalid search criteria: ${text}`);
  return time.toISOString();
}

type Shown = ReturnType<typeof showEvent>;

/** `eventType eq "…"` and `outcome.result eq "…"`, joined by `and`; more is not needed here. */
function parseFilter(text: string | null): (event: Shown) => boolean {
  if (text === null) return () => true;
  const terms = text.split(/\s+and\s+/i).map((term) => {
    const found = /^(eventType|outcome\.result|outcome\.reason) eq "([^"]*)"$/.exec(term.trim());
    if (found === null) throw new ApiError(400, 'E0000031', `Invalid search criteria: ${term}`);
    return { name: found[1], value: found[2] };
  });
  return ({ eventType, outcome }) =>
    terms.every(({ name, value }) => {
      if (name === 'eventType') return eventType === value;
      return (name === 'outcome.result' ? outcome.result : outcome.reason) === value;
    });
}

function showEvent({ org }: ApiContext, { id, published, eventType, result, reason, fields }: SystemLogEvent) {
  const { server, client, user, scopes, grant, jti, requestId, error } = fields;
  const { servers, apps, users } = org.state.current;
  const person = users.find(({ login }) => login === user);
  const app = apps.find(({ clientId }) => clientId === client);
  const target = servers.find((one) => one.id === server);
  return {
    uuid: id,
    published,
    eventType,
    version: '0',
    severity: result === 'SUCCESS' ? 'INFO' : 'WARN',
    legacyEventType: eventType,
    displayMessage: result === 'SUCCESS' ? 'OAuth2 access token is granted' : 'OAuth2 token request',
    actor:
      person === undefined
        ? {
            id: client ?? 'unknown',
            type: 'PublicClientApp',
            alternateId: client ?? null,
            displayName: app?.label ?? null,
          }
        : { id: person.id, type: 'User', alternateId: person.login, displayName: person.name },
    outcome: { result, ...(reason === undefined ? {} : { reason }) },
    target: [
      ...(target === undefined
        ? []
        : [{ id: target.id, type: 'AuthorizationServer', alternateId: null, displayName: target.name }]),
      ...(app === undefined
        ? []
        : [{ id: app.clientId, type: 'AppInstance', alternateId: app.label, displayName: app.label }]),
    ],
    debugContext: {
      debugData: Object.fromEntries(
        Object.entries({ grantType: grant, requestedScopes: scopes, jti, requestId, error }).filter(
          ([, value]) => value !== undefined,
        ),
      ),
    },
  };
}
