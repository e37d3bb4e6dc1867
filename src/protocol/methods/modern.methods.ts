import { Injectable } from '@nestjs/common';
import { DiscoverMethods } from './discover.methods.js';
import type { Handlers } from './registry.js';
import { SubscriptionsMethods } from './subscriptions.methods.js';

/** The methods that the modern era alone has. */
@Injectable()
export class ModernMethods {
  constructor(
    private readonly discover: DiscoverMethods,
    private readonly subscriptions: SubscriptionsMethods,
  ) {}

  handlers(): Handlers {
    return { ...this.discover.handlers(), ...this.subscriptions.handlers() };
  }
}
