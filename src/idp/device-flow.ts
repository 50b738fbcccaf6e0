import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { codeTries } from './device-waits.ts';
import type { Org, ServerContext } from './org.ts';
import { answerPage } from './pages.ts';
import { Refusal } from './refusals.ts';
import { readForm, withForm } from './requests.ts';
import { deviceCodePage } from './views/device-code-page.ts';
import { deviceConfirmPage } from './views/device-confirm-page.ts';
import { deviceDonePage } from './views/device-done-page.ts';

/** Where a person types in the code that a device shows; under the issuer. */
export const activatePath = '/activate';

/** oidc-provider's device flow with our pages. */
export function buildDeviceFlow({ org, issuer }: ServerContext): NonNullable<Configuration['features']>['deviceFlow'] {
  const shared = { org: org.seed.org };
  return {
    enabled: true,
    charset: 'base-20',
    mask: '****-****',
    userCodeInputSource(ctx, form, _, error) {
      const page = deviceCodePage({
        ...shared,
        action: ctx.oidc.urlFor('code_verification'),
        xsrf: readXsrf(form),
        code: typedCodes.get(ctx.req) ?? '',
        error: error === undefined ? undefined : describeError(error),
      });
      answerPage(ctx, page, issuer);
    },
    // oxlint-disable-next-line max-params -- oidc-provider gives it so
    userCodeConfirmSource(ctx, form, client, _, userCode) {
      org.deviceWaits.giveTryBack();
      const page = deviceConfirmPage({
        ...shared,
        action: ctx.oidc.urlFor('code_verification'),
        xsrf: readXsrf(form),
        userCode,
        app: client.clientName ?? client.clientId,
      });
      answerPage(ctx, page, issuer);
    },
    successSource(ctx) {
      answerPage(ctx, deviceDonePage({ ...shared, app: ctx.oidc.client?.clientName ?? 'the app' }));
    },
  };
}

/** Codes that came with the address (RFC 8628 §3.3.1): shown in the field, for the person to compare and to send. */
const typedCodes = new WeakMap<object, string>();

/** Before oidc-provider sees a request for the page: a code in the address is not sent on by a script, which our pages have none
 * of, and nobody tries codes without end. True when it was answered here.
 */
export async function prepareActivation({ org, issuer }: ServerContext, ctx: KoaContextWithOIDC): Promise<boolean> {
  if (ctx.method === 'GET') {
    const { user_code: code } = ctx.query;
    if (typeof code === 'string') typedCodes.set(ctx.req, code.slice(0, 20));
    ctx.querystring = '';
    return false;
  }
  if (ctx.method !== 'POST') return false;
  const form = await readForm(ctx.req);
  if (form === undefined) return false;
  ctx.req = withForm(ctx.req, form);
  typedCodes.set(ctx.req, (form.get('user_code') ?? '').slice(0, 20));
  if (form.has('confirm') || form.has('abort') || org.deviceWaits.takeTry(org.now())) return false;
  ctx.status = 429;
  ctx.set('Retry-After', String(codeTries.intervalMs / 1000));
  const page = deviceCodePage({
    org: org.seed.org,
    action: `${issuer}${activatePath}`,
    xsrf: form.get('xsrf') ?? '',
    code: '',
    error: 'Too many codes were wrong. Wait a moment, then try again.',
  });
  answerPage(ctx, page, issuer);
  return true;
}

/** RFC 8628 §3.5: another answer to a device that does not keep to its interval. */
export function isPolledTooSoon({ org }: Pick<{ readonly org: Org }, 'org'>, ctx: KoaContextWithOIDC): boolean {
  const code = ctx.oidc.params?.['device_code'];
  const { devicePollSeconds } = org.seed.lifetimes;
  return typeof code === 'string' && org.deviceWaits.isTooSoon(code, org.now(), devicePollSeconds);
}

function readXsrf(form: string): string {
  return / name="xsrf" value="([0-9a-f]+)"/.exec(form)?.[1] ?? '';
}

function describeError(error: Error): string {
  switch (error.name) {
    case 'NoCodeError':
      return 'Type in the code that the app shows.';
    case 'NotFoundError':
      return 'There is no such code. Compare it with what the app shows.';
    case 'ExpiredError':
      return 'This code has expired. Start again in the app, and type in the new one.';
    case 'AlreadyUsedError':
      return 'This code was used before. Start again in the app, and type in the new one.';
    case 'AbortedError':
      return 'The app was not let in.';
    default:
      return error instanceof Refusal
        ? (error.error_description ?? error.error)
        : 'The sign-in cannot go on. Start again in the app.';
  }
}
