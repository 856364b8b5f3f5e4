//! What clients ask about the server itself: `help` and `langpack` methods, all without a login.

use std::net::IpAddr;

use crate::tl::{Bytes, Str, enums, functions, types};

use super::{
    call::{Answer, Call, Method, Outcome, answer, encode, method},
    rpc_error::RpcError,
};

/// How long a client may keep the configuration, seconds.
const CONFIG_LIFETIME: i32 = 3_600;

/// Longest text of a message, characters.
pub(super) const MAX_MESSAGE: usize = 4_096;

pub(super) const METHODS: &[Method] = &[
    method!(Nothing, help::GetConfig => |call: &mut Call<'_>, _| config(call)),
    method!(Nothing, help::GetNearestDc => |call: &mut Call<'_>, _| answer(&types::NearestDc {
        country: Str::from_static("US"),
        this_dc: call.caller.dc,
        nearest_dc: call.caller.dc,
    })),
    method!(Key, help::GetAppConfig => app_config),
    method!(Key, help::GetTermsOfServiceUpdate => |call: &mut Call<'_>, _| {
        let expires = call.date().saturating_add(CONFIG_LIFETIME);
        answer(&enums::help::TermsOfServiceUpdate::Empty(types::help::TermsOfServiceUpdateEmpty { expires }))
    }),
    method!(Key, help::AcceptTermsOfService => |_: &mut Call<'_>, _| answer(&true)),
    method!(Key, help::GetCdnConfig => |_: &mut Call<'_>, _| answer(&types::CdnConfig { public_keys: Vec::new() })),
    method!(Key, help::SaveAppLog => |_: &mut Call<'_>, _| answer(&true)),
    method!(Key, langpack::GetLangPack => |_: &mut Call<'_>, p: functions::langpack::GetLangPack| {
        lang_pack(p.lang_code, 0)
    }),
    method!(Key, langpack::GetDifference => |_: &mut Call<'_>, p: functions::langpack::GetDifference| {
        lang_pack(p.lang_code, p.from_version)
    }),
    method!(Key, langpack::GetStrings => |_: &mut Call<'_>, _| answer(&Vec::<enums::LangPackString>::new())),
    method!(Key, langpack::GetLanguages => |_: &mut Call<'_>, _| answer(&Vec::<types::LangPackLanguage>::new())),
    method!(Login, account::UpdateStatus => |_: &mut Call<'_>, _| answer(&true)),
    method!(Login, account::RegisterDevice => |_: &mut Call<'_>, _| answer(&true)),
    method!(Login, account::UnregisterDevice => |_: &mut Call<'_>, _| answer(&true)),
];

/// The last answer to `help.getConfig`. Every client begins with this call, and who is asked the same in the same second,
/// at the same place, has the same to say.
pub(super) struct Given {
    this_dc: i32,
    reached: Option<IpAddr>,
    date: i32,
    answer: Bytes,
}

fn config(call: &mut Call<'_>) -> Outcome {
    let (this_dc, reached, date) = (call.caller.dc, call.caller.reached, call.date());
    let same = |given: &&Given| (given.this_dc, given.reached, given.date) == (this_dc, reached, date);
    if let Some(given) = call.world.config.as_ref().filter(same) {
        return Ok(Answer::Now(given.answer.clone()));
    }
    let answer = encode(&config_of(call))?;
    call.world.config = Some(Given { this_dc, reached, date, answer: answer.clone() });
    Ok(Answer::Now(answer))
}

/// `config` with the real addresses of this server's DCs. The limits are those that the real one gives.
fn config_of(call: &Call<'_>) -> types::Config {
    let option = |dc: &super::DcAddress| {
        let listens: Option<IpAddr> = dc.host.parse().ok();
        // Nobody can connect to "any address": who has come is told the one that it has come to.
        let any = listens.is_some_and(|listens| listens.is_unspecified());
        let host = match call.caller.reached.filter(|_| any) {
            Some(reached) => reached.to_string(),
            None => dc.host.clone(),
        };
        types::DcOption {
            ipv6: host.contains(':'),
            this_port_only: true,
            id: dc.id,
            ip_address: Str::from(host),
            port: i32::from(dc.port),
            ..Default::default()
        }
    };
    let date = call.date();
    types::Config {
        default_p2p_contacts: true,
        revoke_pm_inbox: true,
        date,
        expires: date.saturating_add(CONFIG_LIFETIME),
        test_mode: false,
        this_dc: call.caller.dc,
        dc_options: call.world.dcs.iter().map(option).collect(),
        dc_txt_domain_name: Str::from_static("localhost"),
        chat_size_max: 200,
        megagroup_size_max: 200_000,
        forwarded_count_max: 100,
        online_update_period_ms: 210_000,
        offline_blur_timeout_ms: 5_000,
        offline_idle_timeout_ms: 30_000,
        online_cloud_timeout_ms: 300_000,
        notify_cloud_delay_ms: 30_000,
        notify_default_delay_ms: 1_500,
        push_chat_period_ms: 60_000,
        push_chat_limit: 2,
        edit_time_limit: 172_800,
        revoke_time_limit: i32::MAX,
        revoke_pm_time_limit: i32::MAX,
        rating_e_decay: 2_419_200,
        stickers_recent_limit: 200,
        channels_read_media_period: 604_800,
        call_receive_timeout_ms: 20_000,
        call_ring_timeout_ms: 90_000,
        call_connect_timeout_ms: 30_000,
        call_packet_timeout_ms: 10_000,
        me_url_prefix: Str::from_static("https://t.me/"),
        caption_length_max: 1_024,
        message_length_max: i32::try_from(MAX_MESSAGE).unwrap_or_default(),
        webfile_dc_id: call.caller.dc,
        ..Default::default()
    }
}

fn app_config(_: &mut Call<'_>, p: functions::help::GetAppConfig) -> Outcome {
    /// The hash of the one configuration there is.
    const HASH: i32 = 1;
    answer(&if p.hash == HASH {
        enums::help::AppConfig::NotModified
    } else {
        let config = enums::JsonValue::JsonObject(types::JsonObject { value: Vec::new() });
        enums::help::AppConfig::AppConfig(types::help::AppConfig { hash: HASH, config })
    })
}

fn lang_pack(lang_code: Str, from_version: i32) -> Outcome {
    if lang_code.is_empty() {
        return Err(RpcError::bad_request("LANG_CODE_NOT_SUPPORTED"));
    }
    answer(&types::LangPackDifference {
        lang_code,
        from_version,
        version: from_version.max(1),
        strings: Vec::new(),
    })
}
