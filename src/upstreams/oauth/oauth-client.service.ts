import { Injectable } from '@nestjs/common';
import type { FetchLike, OAuthClientMetadata } from '@modelcontextprotocol/client';
import { Config } from '../../config/config.js';
import type { Gateway } from '../../kernel/catalog.js';
import { GatewayError } from '../../kernel/errors.js';
import { openingUrl } from '../../kernel/web-socket-url.js';
import { SafeClient } from '../../platform/http/safe-client.js';
import type { OAuthSettings } from '../../registry/gateway-secrets.service.js';
import { GatewaysService } from '../../registry/gateways.service.js';
import { answeredBadly } from '../mcp/upstream-fault.js';
import { guardedFetch } from './guarded-fetch.js';
import type { BegunLogin, LoginRecord } from './login-record.js';
import { GatewayOAuthProvider } from './oauth-provider.js';

/** What one run of `auth` is for. */
export interface OAuthRun {
  readonly record: LoginRecord;
  readonly scope: string | undefined;
  readonly redirectUrl?: string;
  readonly state?: string;
  /** A person logs in, whatever could be refreshed. */
  readonly anew?: boolean;
  readonly answer?: { readonly code: string; readonly iss: string | undefined };
  readonly begun?: Pick<BegunLogin, 'verifier' | 'discovery'>;
}

/** Where the document about us is served, and what it says. */
export const CLIENT_METADATA_PATH = '/oauth/client-metadata.json';
export const CALLBACK_PATH = '/oauth/callback';

/**
 * The gateway as a client of authorization servers: the SDK's `auth` (26 Authorization) over guarded
 * HTTP. It is loaded when the first upstream asks for it.
 */
@Injectable()
export class OAuthClient {
  constructor(
    private readonly http: SafeClient,
    private readonly gateways: GatewaysService,
    private readonly config: Config,
  ) {}

  /** Public address of the client id metadata document; '' where nobody could fetch it. */
  get clientMetadataUrl(): string {
    const { oauthClientMetadataUrl, publicUrl } = this.config;
    if (oauthClientMetadataUrl !== '') return oauthClientMetadataUrl;
    return publicUrl.startsWith('https:') ? publicUrl + CLIENT_METADATA_PATH : '';
  }

  /** What we say of ourselves (RFC 7591 §2). */
  clientMetadata(redirectUrl: string): OAuthClientMetadata {
    return {
      client_name: this.config.appName,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
  }

  settingsOf(gateway: Gateway): OAuthSettings {
    return this.gateways.oauthSettings(gateway);
  }

  /**
   * One run of the authorization: to a token, or to the address where a person has to log in.
   * @returns the provider with what was found
   * @throws GatewayError `upstream_error`, `upstream_unreachable`, `upstream_timeout`, `egress_blocked`
   */
  async run(gateway: Gateway, run: OAuthRun): Promise<GatewayOAuthProvider> {
    const settings = this.settingsOf(gateway);
    const redirectUrl = run.redirectUrl ?? run.record.redirectUrl;
    const provider = new GatewayOAuthProvider({
      record: run.anew === true ? { ...run.record, tokens: null } : run.record,
      settings,
      clientMetadata: this.clientMetadata(redirectUrl ?? 'http://localhost/oauth/callback'),
      redirectUrl,
      clientMetadataUrl: this.clientMetadataUrl,
      ...(run.state === undefined ? {} : { state: run.state }),
      ...(run.begun === undefined ? {} : { begun: run.begun }),
    });
    try {
      if (settings.tokenUrl === undefined) await this.authorize(gateway, provider, run);
      else await this.askDirectly(settings.tokenUrl, provider, run.scope);
    } catch (e) {
      throw toGatewayError(e);
    }
    return provider;
  }

  private async authorize(
    gateway: Gateway,
    provider: GatewayOAuthProvider,
    { record, scope, answer, anew }: OAuthRun,
  ): Promise<void> {
    const { auth } = await import('@modelcontextprotocol/client');
    const { resourceMetadataUrl } = record.challenge;
    await auth(provider, {
      // What guards a WebSocket is the HTTP server that opens it.
      serverUrl: openingUrl(new URL(gateway.url ?? '')),
      fetchFn: this.fetchFor(provider),
      forceReauthorization: anew === true,
      ...(scope === undefined ? {} : { scope }),
      ...(resourceMetadataUrl === undefined
        ? {}
        : { resourceMetadataUrl: new URL(resourceMetadataUrl) }),
      ...(answer === undefined ? {} : { authorizationCode: answer.code }),
      ...(answer?.iss === undefined ? {} : { iss: answer.iss }),
    });
  }

  private fetchFor(provider: GatewayOAuthProvider): FetchLike {
    return guardedFetch(this.http, (fault) => {
      provider.fault = fault;
    });
  }

  /** The owner named the token endpoint: nothing has to be found out. */
  private async askDirectly(
    tokenUrl: string,
    provider: GatewayOAuthProvider,
    scope: string | undefined,
  ): Promise<void> {
    const { fetchToken } = await import('@modelcontextprotocol/client');
    const issuer = new URL(tokenUrl).origin;
    const tokens = await fetchToken(provider, issuer, {
      metadata: {
        issuer,
        token_endpoint: tokenUrl,
        authorization_endpoint: tokenUrl,
        response_types_supported: [],
      },
      fetchFn: this.fetchFor(provider),
      ...(scope === undefined ? {} : { scope }),
    });
    provider.saveTokens({ ...tokens, issuer });
  }
}

/** Texts of authorization servers are theirs: short, and nothing that a terminal would obey. */
function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const shown = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 300);
  return answeredBadly(`its authorization failed: ${shown}`, { cause: error });
}
