import { localeTag, PLATFORMS, pushTarget, timeZone } from '@armoricore/shared/notifications';
import { z } from 'zod';
import { plainText } from '../contracts/text.ts';
import type { Device, DeviceService } from '../domain/devices.ts';
import { nothing, type RestApp } from './route.ts';

const tags = ['notifications'] as const;
const fields = { locale: localeTag.optional(), timezone: timeZone.optional(), app: plainText(128).optional() };
const [fcm, apns, voip, webpush] = pushTarget.options;

/** A device as push services know it, and what its app says of it. */
const registration = z.discriminatedUnion('platform', [
  z.strictObject({ ...fcm.shape, ...fields }),
  z.strictObject({ ...apns.shape, ...fields }),
  z.strictObject({ ...voip.shape, ...fields }),
  z.strictObject({ ...webpush.shape, ...fields }),
]);

const deviceView = z
  .object({
    device_id: z.uuid(),
    platform: z.enum(PLATFORMS),
    address: z.string().describe('The end of the token, or the host of the push service.'),
    app: z.string().nullable(),
    locale: z.string().nullable(),
    timezone: z.string().nullable(),
    created_at: z.iso.datetime(),
    registered_at: z.iso.datetime(),
  })
  .meta({ id: 'Device' });

/** The devices of the caller. */
export function deviceRoutes(app: RestApp, { devices }: { devices: DeviceService }): void {
  app.post(
    '/devices',
    {
      config: { access: 'token' },
      bodyLimit: 16 * 1024,
      schema: {
        tags,
        summary: 'Register a device of the caller for push.',
        description: 'Again at every start of the app, so that it is known to be in use. A token that another user had is the caller’s from now on; beyond so many devices (NOTIFY_DEVICES_PER_USER) the one that registered longest ago goes.',
        body: registration,
        response: { 200: z.object({ device: deviceView }), 201: z.object({ device: deviceView }) },
      },
    },
    async (request, reply) => {
      const { locale, timezone, app: name, ...target } = request.body;
      const { device, created } = await devices.register(request.identity.userId, target, { locale, timezone, app: name });
      return reply.status(created ? 201 : 200).send({ device: viewOf(device) });
    },
  );

  app.get(
    '/devices',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'The devices of the caller.',
        response: { 200: z.object({ devices: z.array(deviceView), webpush_public_key: z.string().nullable().describe('For `pushManager.subscribe`; null where there is no web push.') }) },
      },
    },
    async (request) => ({ devices: (await devices.listOf(request.identity.userId)).map(viewOf), webpush_public_key: devices.webPushKey }),
  );

  app.delete(
    '/devices/:id',
    {
      config: { access: 'token' },
      schema: { tags, summary: 'Forget a device of the caller.', params: z.object({ id: z.uuid() }), response: { 204: nothing }, errors: ['not_found'] },
    },
    async (request, reply) => {
      await devices.remove(request.identity.userId, request.params.id);
      return reply.status(204).send();
    },
  );

  app.delete(
    '/devices',
    {
      config: { access: 'token' },
      schema: {
        tags,
        summary: 'Forget a device of the caller by its token.',
        description: 'For an app that signs its user out and knows no id. `token` is the token, or the endpoint of a subscription. What is not known stays so.',
        body: z.strictObject({ token: plainText(2048) }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await devices.removeAddress(request.identity.userId, request.body.token);
      return reply.status(204).send();
    },
  );
}

function viewOf({ id, platform, address, app, locale, timezone, createdAt, registeredAt }: Device): z.input<typeof deviceView> {
  return { device_id: id, platform, address, app, locale, timezone, created_at: createdAt.toISOString(), registered_at: registeredAt.toISOString() };
}
