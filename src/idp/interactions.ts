import { createHmac } from 'node:crypto';
import type { Interaction, InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { isSame } from './directory.ts';
import type { ServerContext } from './org.ts';
import { answerPage } from './pages.ts';
import { Refusal } from './refusals.ts';
import { readForm } from './requests.ts';
import { isSeeded } from './state/seed-state.ts';
import { consentPage } from './views/consent-page.ts';
import { signInPage } from './views/sign-in-page.ts';

type Context = Pick<KoaContextWithOIDC, 'req' | 'res' | 'method' | 'path' | 'status' | 'redirect' | 'set'> & {
  type: string;
  body: unknown;
};

/** Sign-in and consent, under `/signin/UID`. oidc-provider keeps what was asked and knows the browser by a cookie that
 * belongs to this one sign-in; here it is shown and answered.
 */
export async function handleInteraction(context: ServerContext, provider: Provider, ctx: Context): Promise<void> {
  const interaction = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.path !== `/signin/${interaction.uid}`) {
    // Two sign-ins in one browser: each cookie is for its own path, so this is not one of ours.
    ctx.status = 404;
    return;
  }
  if (ctx.method === 'GET') return await show(context, provider, ctx, interaction);
  if (ctx.method !== 'POST') {
    ctx.set('Allow', 'GET, POST');
    ctx.status = 405;
    return;
  }
  const form = await readForm(ctx.req);
  if (form === undefined || !isSame(form.get('csrf') ?? '', csrfOf(context, interaction))) {
    return await show(
      context,
      provider,
      ctx,
      interaction,
      'The form was not the one this page shows. Please try again.',
    );
  }
  if (interaction.prompt.name !== 'login')
    return await finish(provider, ctx, await decideConsent(provider, interaction, form));
  const login = form.get('username')?.trim() ?? '';
  const user = context.org.directory.findUserByPassword(login, form.get('password') ?? '');
  if (user === undefined) {
    // Of a name that is unknown nothing is written: people type passwords into the wrong field.
    const known = context.org.directory.findUserByLogin(login)?.login;
    const reason = known === undefined ? 'there is no such user' : 'the password is wrong';
    const client = interaction.params.client_id;
    context.org.log('sign-in refused', { server: context.server.id, client, user: known, reason });
    return await show(context, provider, ctx, interaction, 'Unable to sign in: user name or password is wrong.', login);
  }
  context.org.log('signed in', { server: context.server.id, client: interaction.params.client_id, user: user.login });
  await finish(provider, ctx, { login: { accountId: user.id, amr: ['pwd'] } });
}

async function finish(provider: Provider, ctx: Context, result: InteractionResults): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result);
  ctx.redirect(returnTo);
  // The browser must not post the password again where it is sent (RFC 9700 §4.12).
  ctx.status = 303;
}

async function show(
  context: ServerContext,
  provider: Provider,
  ctx: Context,
  ...[interaction, error, typed]: [interaction: Interaction, error?: string, typed?: string]
): Promise<void> {
  const { org, server } = context;
  const { client_id: clientId, redirect_uri: redirectUri, scope, login_hint: hint } = interaction.params;
  const client = await provider.Client.find(String(clientId));
  const app = client?.clientName ?? String(clientId);
  const scopes = typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];
  const action = new URL(`${new URL(context.issuer).pathname}${ctx.path}`, context.issuer).pathname;
  const shared = { org: org.seed.org, app, action, csrf: csrfOf(context, interaction) };
  // An app on another device has nowhere to come back to (RFC 8628).
  const target = typeof redirectUri === 'string' ? redirectUri : context.issuer;
  const user = org.directory.findUser(interaction.session?.accountId ?? '');
  if (interaction.prompt.name === 'login' || user === undefined) {
    const loginHint = typed ?? (typeof hint === 'string' ? hint : undefined);
    answerPage(
      ctx,
      signInPage({ ...shared, scopes, loginHint, error, users: org.directory.users.filter(isSeeded) }),
      target,
    );
    return;
  }
  const described = scopes.map((name) => ({
    name,
    description: server.scopes.find((one) => one.name === name)?.description ?? oidcDescriptions[name] ?? '',
  }));
  const { host, protocol } = new URL(target);
  const redirectHost = redirectUri === undefined ? undefined : host === '' ? protocol : host;
  answerPage(ctx, consentPage({ ...shared, user, scopes: described, redirectHost }), target);
}

/** What a person said at the consent page: all that was asked, or nothing. */
async function decideConsent(
  provider: Provider,
  interaction: Interaction,
  form: URLSearchParams,
): Promise<InteractionResults> {
  const accountId = interaction.session?.accountId;
  if (form.get('decision') !== 'allow' || accountId === undefined) {
    const refusal = new Refusal('consent_denied', 'the user said no');
    return { error: refusal.error, error_description: refusal.error_description };
  }
  const { client_id: clientId, scope } = interaction.params;
  const known = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  const grant = known ?? new provider.Grant({ accountId, clientId: String(clientId) });
  if (typeof scope === 'string') grant.addOIDCScope(scope);
  return { consent: { grantId: await grant.save() } };
}

/** Belongs to this one sign-in: a form made elsewhere does not have it. */
function csrfOf({ org }: ServerContext, interaction: Interaction): string {
  return createHmac('sha256', org.cookieSecret).update(`form ${interaction.uid}`).digest('base64url');
}

const oidcDescriptions: Readonly<Record<string, string>> = {
  openid: 'Know who you are',
  profile: 'See your name and user name',
  email: 'See your email address',
  offline_access: 'Stay signed in for you when you are away',
};
