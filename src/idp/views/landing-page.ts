import type { RunningIdp } from '../running-idp.ts';
import { html, type Markup } from '../../lib/html.ts';
import { page } from './page.ts';

interface LandingPage extends Pick<RunningIdp, 'servers' | 'apps' | 'users' | 'caFile' | 'httpUrl' | 'httpsUrl'> {
  readonly org: string;
}

function chips(names: readonly string[]): Markup {
  return html`<ul class="chips">
    ${names.map((name) => html`<li><code>${name}</code></li>`)}
  </ul>`;
}

function server({ name, issuer, audience, scopes, jwksUrl }: RunningIdp['servers'][number]): Markup {
  return html`<article class="card stack">
    <h3><bdi>${name}</bdi></h3>
    <dl class="facts">
      <dt>Issuer</dt>
      <dd><code>${issuer}</code></dd>
      <dt>Audience</dt>
      <dd><code>${audience}</code></dd>
      <dt>Scopes</dt>
      <dd>${scopes.length === 0 ? 'none of its own' : chips(scopes)}</dd>
      <dt>Look at</dt>
      <dd>
        <a href="${issuer}/.well-known/oauth-authorization-server">metadata</a>,
        <a href="${jwksUrl}">keys</a>
      </dd>
    </dl>
  </article>`;
}

function app({ clientId, clientSecret, label, redirectUris }: RunningIdp['apps'][number]): Markup {
  return html`<article class="card stack">
    <h3><bdi>${label}</bdi></h3>
    <dl class="facts">
      <dt>Client id</dt>
      <dd><code>${clientId}</code></dd>
      <dt>Client secret</dt>
      <dd>${clientSecret === undefined ? 'none, a public client' : 'set in the seed, not shown here'}</dd>
      <dt>Redirects to</dt>
      <dd>
        ${
          redirectUris.length === 0
            ? 'nowhere, nobody signs in to it'
            : html`<ul>
                ${redirectUris.map((uri) => html`<li><code>${uri}</code></li>`)}
              </ul>`
        }
      </dd>
    </dl>
  </article>`;
}

function people(users: RunningIdp['users']): Markup {
  return html`<ul class="rows card">
    ${users.map(
      ({ login, password, name }) =>
        html`<li>
          <strong><bdi>${name}</bdi></strong>
          <p class="small quiet"><code>${login}</code> / <code>${password}</code></p>
        </li>`,
    )}
  </ul>`;
}

/** Quotes for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function trust(caFile: string, httpsUrl: string): Markup {
  return html`<div class="card stack">
    <p>
      The https side has a certificate of its own authority. Programs that call it must trust
      <code>${caFile}</code>. Never add it to a machine that others rely on: its key lies beside it.
    </p>
    <dl class="facts">
      <dt>Node</dt>
      <dd><pre>NODE_EXTRA_CA_CERTS=${quoted(caFile)} node …</pre></dd>
      <dt>curl</dt>
      <dd><pre>curl --cacert ${quoted(caFile)} ${httpsUrl}</pre></dd>
      <dt>Browser</dt>
      <dd>Settings → Privacy and security → Certificates → Authorities → Import, for web sites only.</dd>
    </dl>
  </div>`;
}

/** The provider's front page: what there is to sign in at, with what, and how to trust its certificate. Shows no client secret. */
export function landingPage({ org, servers, apps, users, caFile, httpUrl, httpsUrl }: LandingPage): string {
  const content = html`<h1>Development identity provider</h1>
    <p class="quiet">
      For work on this machine only. It answers at <a href="${httpUrl}">${httpUrl}</a> and
      <a href="${httpsUrl}">${httpsUrl}</a>.
    </p>
    <section class="section">
      <h2>Authorization servers</h2>
      <div class="grid">${servers.map(server)}</div>
    </section>
    <section class="section">
      <h2>Apps</h2>
      <div class="grid">${apps.map(app)}</div>
    </section>
    <section class="section">
      <h2>Users and their passwords</h2>
      ${people(users)}
    </section>
    <section class="section">
      <h2>Trust its certificate</h2>
      ${trust(caFile, httpsUrl)}
    </section>`;
  return page({ title: 'Development identity provider', org, width: 'wide', content });
}
