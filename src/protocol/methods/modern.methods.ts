import { Injectable } from '@nestjs/common';
import { DiscoverMethods } from './discover.methods.js';
import type { Handlers } from './registry.js';
import { SubscriptionsMethods } from './subscriptions.methods.js';
import { TasksMethods } from './tasks.methods.js';

/** The methods that the modern era alone has, and tasks, which either era has in its own way. */
@Injectable()
export class ModernMethods {
  constructor(
    private readonly discover: DiscoverMethods,
    private readonly subscriptions: SubscriptionsMethods,
    private readonly tasks: TasksMethods,
  ) {}

  handlers(): Handlers {
    return {
      ...this.discover.handlers(),
      ...this.subscriptions.handlers(),
      ...this.tasks.handlers(),
    };
  }
}
