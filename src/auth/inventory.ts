import { Injectable, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Admission, ADMISSION } from './permission.decorator.js';

/** One handler of the control plane, and who may use it. */
export interface Route {
  /** `ToolsController.create` */
  readonly handler: string;
  readonly method: string;
  /** As declared: controller and handler, each one or several. */
  readonly paths: readonly string[];
  readonly admission: Admission | undefined;
}

type Handler = (...args: never[]) => unknown;

/** Every route of the control plane carries its access rule, or the gateway does not start (S15). */
@Injectable()
export class RouteInventory implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws Error naming every route without a decorator */
  onModuleInit(): void {
    const open = this.routes().filter((route) => route.admission === undefined);
    if (open.length === 0) return;
    const names = open.map((route) => route.handler).join(', ');
    throw new Error(
      `Routes without @RequirePermission, @AnyPrincipal or @Public: ${names}. Decorate them.`,
    );
  }

  routes(): Route[] {
    return this.discovery.getControllers().flatMap(({ instance, metatype }) => {
      if (typeof metatype !== 'function' || typeof instance !== 'object' || instance === null)
        return [];
      const prototype = Object.getPrototypeOf(instance) as Record<string, Handler>;
      return this.scanner
        .getAllMethodNames(prototype)
        .flatMap((name) => this.routeOf(metatype as Handler, prototype[name], name));
    });
  }

  private routeOf(controller: Handler, handler: Handler | undefined, name: string): Route[] {
    if (handler === undefined) return [];
    const own = Reflect.getMetadata(PATH_METADATA, handler) as string | string[] | undefined;
    if (own === undefined) return [];
    const base = (Reflect.getMetadata(PATH_METADATA, controller) ?? '') as string | string[];
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
    return [
      {
        handler: `${controller.name}.${name}`,
        method: RequestMethod[method],
        paths: [base].flat().flatMap((b) => [own].flat().map((o) => joined(b, o))),
        admission: this.reflector.getAllAndOverride<Admission | undefined>(ADMISSION, [
          handler,
          controller,
        ]),
      },
    ];
  }
}

const joined = (base: string, path: string): string =>
  `/${base}/${path}`.replaceAll(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
