import { Controller, HttpCode, Post } from '@nestjs/common';
import { RequirePermission } from '../../auth/permission.decorator.js';
import type { View } from '../../registry/views/common-view.js';
import { type Asked, AskedBy } from '../asked.decorator.js';
import { JsonBody } from '../body/json-body.decorator.js';
import { CONNECTIVITY, type ConnectivityBody } from './connectivity-body.js';
import { Connectivity } from './connectivity.service.js';

@Controller(['gateways', 'admin/gateways'])
export class ConnectivityController {
  constructor(private readonly connectivity: Connectivity) {}

  @RequirePermission('gateways.create')
  @HttpCode(200)
  @Post('test')
  test(@JsonBody(CONNECTIVITY) body: ConnectivityBody, @AskedBy() asked: Asked): Promise<View> {
    return this.connectivity.test(body, asked);
  }
}
