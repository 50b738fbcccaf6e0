import type { ExpectedSetUp, SetUpFault, SetUpInspection } from '../../../model/set-up-inspection.ts';
import type { FoundServer } from '../set-up/found.ts';
import { openIdScopes } from '../set-up/wanted.ts';
import { oktaFault } from './okta-fault.ts';
import type { OrgParts } from './read-org.ts';

type Part = Partial<SetUpInspection>;

/** The server people sign in at: the tokens the gateway takes have to be the ones it issues. */
export function judgeSignIn({ callers, exchange }: ExpectedSetUp, { signIn }: OrgParts): Part {
  const { issuer, audience, scopes } = callers;
  if (signIn === undefined) {
    const [here, there] = [new URL(exchange.url).hostname, new URL(issuer).hostname];
    return here === there
      ? { faults: [oktaFault('okta-server-not-found', `The org has no authorization server ${issuer}`)] }
      : { open: [`${issuer}, where people sign in, is not at ${here}: it was not looked at`] };
  }
  const { name, issuer: own, audiences } = signIn.server;
  return judgeServer(signIn, [
    ...(own === issuer
      ? []
      : [oktaFault('okta-issuer-other', `The issuer of "${name}" is ${own}, configured is ${issuer}`)]),
    ...(overlaps(audience, audiences)
      ? []
      : [
          oktaFault(
            'okta-callers-audience',
            `The audience of "${name}" is ${audiences.join(' ')}, configured is ${audience.join(' ')}`,
          ),
        ]),
    ...lacking(scopes, signIn).map((scope) =>
      oktaFault('okta-callers-scope-unknown', `"${name}" has no scope ${scope}`),
    ),
  ]);
}

/** What of the scopes asked for a policy can grant in an exchange: those of OpenID Connect never. */
export function exchangeableScopes({ exchange }: ExpectedSetUp): readonly string[] {
  return exchange.scopes.filter((scope) => !openIdScopes.includes(scope));
}

/** The server the service behind trusts. */
export function judgeTarget(expected: ExpectedSetUp, { target }: OrgParts): Part {
  const { exchange } = expected;
  const { url, audience, scopes } = exchange;
  if (target === undefined)
    return {
      faults: [
        oktaFault('okta-server-not-found', `The org has no authorization server with the token endpoint ${url}`),
      ],
    };
  const { name, audiences } = target.server;
  return judgeServer(target, [
    ...(audience.length === 0 || overlaps(audience, audiences)
      ? []
      : [
          oktaFault(
            'okta-audience',
            `The audience of "${name}" is ${audiences.join(' ')}, asked for is ${audience.join(' ')}`,
          ),
        ]),
    ...scopes
      .filter((scope) => openIdScopes.includes(scope))
      .map((scope) => oktaFault('okta-scope-openid', `The exchange asks for ${scope}, a scope of OpenID Connect`)),
    ...lacking(exchangeableScopes(expected), target).map((scope) =>
      oktaFault('okta-scope-unknown', `"${name}" has no scope ${scope}`),
    ),
  ]);
}

/** Without it every exchange is refused; a server trusts itself. */
export function judgeTrust({ target, signIn }: OrgParts): Part {
  if (target === undefined || signIn === undefined || target.server.id === signIn.server.id) return {};
  const [trusting, trusted] = [target.server.name, signIn.server.name];
  if (target.trusts.includes(signIn.server.id)) return { good: [`"${trusting}" trusts "${trusted}"`] };
  return { faults: [oktaFault('okta-server-not-trusted', `"${trusting}" does not trust "${trusted}"`)] };
}

function judgeServer({ server }: FoundServer, others: readonly SetUpFault[]): Part {
  const { name, status, audiences } = server;
  const seen = `The authorization server "${name}" is ${status}`;
  const faults = [...(status === 'ACTIVE' ? [] : [oktaFault('okta-server-inactive', seen)]), ...others];
  if (faults.length > 0) return { faults };
  return { good: [`The authorization server "${name}" has the audience ${audiences.join(' ')} and every scope`] };
}

function overlaps(some: readonly string[], others: readonly string[]): boolean {
  return some.some((one) => others.includes(one));
}

function lacking(scopes: readonly string[], found: FoundServer): readonly string[] {
  return scopes.filter((scope) => !found.scopes.includes(scope));
}
