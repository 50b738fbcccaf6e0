import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from '../authorization-server.ts';
import { publicKeys } from '../signing-keys.ts';
import { authenticateApp } from './authenticate-app.ts';
import { answerAuthorization } from './authorize.ts';
import { answerDeviceRequest } from './device/answer-device-request.ts';
import { answerVerification } from './device/answer-verification.ts';
import { buildDeviceCodes } from './device/device-codes.ts';
import type { Tenant } from './flavour.ts';
import { buildGrants } from './grants.ts';
import { sendJson } from './send-json.ts';
import { metadataOf } from './metadata.ts';
import { readParameters } from './read-parameters.ts';
import { buildRequestLimit } from './request-limit.ts';
import { answerTokenRequest } from './token-endpoint.ts';
import { TokenRefusal } from './token-refusal.ts';

/** Answers everything but the front page. */
export function buildTenantHandler(tenant: Tenant): RequestHandler {
  const { layout, log } = tenant;
  const now = () => tenant.now();
  const { device } = tenant.flavour;
  const { authorizationCodeSeconds, deviceCodeSeconds, devicePollSeconds } = tenant.seed.lifetimes;
  const grants = buildGrants(authorizationCodeSeconds);
  const codes = buildDeviceCodes({
    form: device.userCode,
    lifeSeconds: deviceCodeSeconds,
    intervalSeconds: devicePollSeconds,
    now,
  });
  const endpoints = tenant.flavour.endpoints?.(layout) ?? {};
  const limit = buildRequestLimit(tenant.seed.tokenRequestsPerMinute, now);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', tenant.origin);
    const pathname = tenant.flavour.pathOf?.(tenant, url.pathname) ?? url.pathname;
    if (layout.metadata.includes(pathname)) return sendJson(response, 200, metadataOf(tenant));
    if (pathname === layout.keys) return sendJson(response, 200, { keys: publicKeys(tenant.keys()) });
    if (pathname === layout.authorize) return await answerAuthorization(tenant, grants, request, response);
    if (pathname === device.page(layout)) return await answerVerification(tenant, codes, [request, response]);
    if (pathname === device.endpoint(layout) && request.method === 'POST')
      return sendJson(response, 200, await answerDeviceRequest(tenant, codes, request));
    const endpoint = Object.hasOwn(endpoints, pathname) ? endpoints[pathname] : undefined;
    if (endpoint !== undefined) return await endpoint(tenant, request, response);
    if (pathname !== layout.token || request.method !== 'POST') {
      const metadata = tenant.flavour.metadataElsewhere?.(tenant, pathname);
      if (metadata !== undefined) return sendJson(response, 200, metadata);
      const readApp = async () => authenticateApp(tenant, request, (await readParameters(request)) ?? {});
      const elsewhere = await tenant.flavour.findElsewhere?.(tenant, pathname, readApp);
      if (elsewhere !== undefined) throw elsewhere;
      return sendJson(response, 404, { error: 'not_found', error_description: `Nothing is served at ${pathname}` });
    }
    for (const [name, value] of Object.entries(tenant.flavour.tokenHeaders?.(tenant) ?? {}))
      response.setHeader(name, value);
    sendJson(response, 200, await answerTokenRequest(tenant, { grants, codes, limit }, request));
  }

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof TokenRefusal) return refuse(tenant, response, error);
      log('request failed', { path: request.url, reason: error instanceof Error ? error.stack : String(error) });
      if (!response.headersSent) sendJson(response, 500, { error: 'server_error' });
    });
  };
}

function refuse(tenant: Tenant, response: ServerResponse, refusal: TokenRefusal): void {
  tenant.log('token refused', {
    error: refusal.row.error,
    description: refusal.description,
    reason: refusal.reason,
  });
  sendJson(response, refusal.row.status, tenant.flavour.refusalBody(tenant, refusal));
}
