//! What accounts have in common with account classes and domain defaults: quotas, limits, contact information
//! (domains-groupware, "Quotas", "Limits", "Contact info").
//!
//! Times and sizes that are not KB or seconds say so. Defaults not found anywhere are the project's.

use crate::schema::{Attr, Unit};
use crate::value::{Choices, Kind};

/// Services that domains and accounts may be allowed.
pub const USER_SERVICES: Choices =
    Choices::of(&["smtpIncoming", "smtpOutgoing", "pop3", "imap", "webmail", "rpop"]).also(&[
        ("smtp", &["smtpIncoming", "smtpOutgoing"]),
        (
            "all",
            &["smtpIncoming", "smtpOutgoing", "pop3", "imap", "webmail", "rpop"],
        ),
        ("smtp-incoming", &["smtpIncoming"]),
        ("smtp-outgoing", &["smtpOutgoing"]),
    ]);

/// Quotas. 0 is no limit.
pub static QUOTAS: [Attr; 16] = [
    Attr::new("mboxCount", Kind::COUNT, "1000", "most folders, 0 for no limit")
        .usage("<count>")
        .works(),
    Attr::new(
        "totalMessageCount",
        Kind::COUNT,
        "0",
        "most messages in all folders, 0 for no limit",
    )
    .usage("<count>")
    .works(),
    Attr::new(
        "totalMessageSize",
        Kind::SIZE,
        "1048576",
        "size of all folders, 0 for no limit",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes)
    .works(),
    Attr::new(
        "messageCount",
        Kind::COUNT,
        "0",
        "most messages in a folder, 0 for no limit",
    )
    .usage("<count>")
    .works(),
    Attr::new("messageSize", Kind::SIZE, "0", "size of a folder, 0 for no limit")
        .usage("<size>")
        .unit(Unit::Kilobytes)
        .works(),
    Attr::new(
        "quotaLimitThreshold",
        Kind::PERCENT,
        "90",
        "use at which the user is warned",
    )
    .usage("<size>")
    .unit(Unit::Percent),
    Attr::new(
        "quotaLimitNotificationInterval",
        Kind::COUNT,
        "1440",
        "least time between two warnings",
    )
    .usage("<size>")
    .unit(Unit::Minutes),
    Attr::new(
        "quotaLimitNotificationFileName",
        Kind::Path,
        "",
        "template of the warning",
    )
    .usage("<path>"),
    Attr::new(
        "quotaLimitNotificationEnabled",
        Kind::Bool,
        "yes",
        "warns by mail",
    ),
    Attr::new(
        "quotaLimitPushNotificationEnabled",
        Kind::Bool,
        "no",
        "warns by push notification",
    ),
    Attr::new(
        "quotaSendMessageThreshold",
        Kind::PERCENT,
        "100",
        "use from which the user may not send, 0 for never",
    )
    .usage("<percent>")
    .unit(Unit::Percent),
    Attr::new(
        "filteredEmailSizeQuota",
        Kind::SIZE,
        "102400",
        "size of the folder of filtered mail",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "filteredEmailCountQuota",
        Kind::COUNT,
        "1000",
        "most messages in the folder of filtered mail",
    )
    .usage("<count>"),
    Attr::new(
        "autopurgeAgeLimit",
        Kind::COUNT,
        "30",
        "days in a purged folder after which mail is removed by the daily maintenance, 0 for never",
    )
    .usage("<days>")
    .unit(Unit::Days)
    .works(),
    Attr::new(
        "autopurgeFolders",
        Kind::TEXT,
        "Trash Spam",
        "folders that are purged: names with blanks or commas between, those with blanks in double quotes",
    )
    .usage("<names>")
    .works(),
    Attr::new(
        "quotaLimitNotificationSubject",
        Kind::TEXT,
        "",
        "subject of the warning, for old scripts",
    )
    .usage("<text>")
    .legacy(),
];

/// Limits.
pub static LIMITS: [Attr; 68] = [
    Attr::new(
        "sentMessagesCount",
        Kind::COUNT,
        "0",
        "most messages sent in the interval, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new(
        "sentRecipientsCount",
        Kind::COUNT,
        "0",
        "most recipients written to in the interval, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new(
        "sentMessagesSize",
        Kind::SIZE,
        "0",
        "most kilobytes sent in the interval, 0 for no limit",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "sentMessagesInterval",
        Kind::COUNT,
        "3600",
        "the interval of the three maxima before",
    )
    .usage("<interval>")
    .unit(Unit::Seconds),
    Attr::new(
        "webmailAttSize",
        Kind::SIZE,
        "10240",
        "largest attachment in WebMail",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "webmailAttCount",
        Kind::COUNT,
        "50",
        "most attachments of a message in WebMail",
    )
    .usage("<count>"),
    Attr::new(
        "webmailMessageSize",
        Kind::SIZE,
        "20480",
        "largest message written in WebMail",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "temporaryAliasesCount",
        Kind::COUNT,
        "0",
        "most temporary addresses",
    )
    .usage("<no>"),
    Attr::new(
        "temporaryAliasesInterval",
        Kind::COUNT,
        "30",
        "how long a temporary address lives",
    )
    .usage("<no>")
    .unit(Unit::Days),
    Attr::new(
        "htmlFilterLevel",
        Kind::Uint { min: 0, max: 3 },
        "1",
        "least filtering of HTML in WebMail",
    )
    .usage("<number>"),
    Attr::new(
        "archivingPolicy",
        Kind::ChoiceSet(Choices::of(&["folderPerYear", "folderPerMonth"])),
        "()",
        "folders that archiving makes",
    )
    .usage("([folderPerYear] [folderPerMonth])"),
    Attr::new(
        "sentOverquotaFileName",
        Kind::Path,
        "",
        "template of the notice when a sender passes the limits",
    )
    .usage("<path>"),
    Attr::new(
        "sentOverquotaEmailAddress",
        Kind::EmailAddress,
        "",
        "who gets that notice, empty for no one",
    )
    .usage("<email>"),
    Attr::new(
        "services",
        Kind::ChoiceSet(USER_SERVICES),
        "(smtpIncoming smtpOutgoing pop3 imap webmail rpop)",
        "services that may be used",
    )
    .usage("(list of services)")
    .works(),
    Attr::new(
        "pop3ConnectionCount",
        Kind::Uint { min: 1, max: 255 },
        "16",
        "most simultaneous POP3 sessions",
    )
    .usage("<count>")
    .works(),
    Attr::new(
        "imapConnectionCount",
        Kind::Uint { min: 1, max: 255 },
        "16",
        "most simultaneous IMAP sessions",
    )
    .usage("<count>")
    .works(),
    Attr::new(
        "webmailRCPTCount",
        Kind::COUNT,
        "100",
        "most recipients of a message written in WebMail",
    )
    .usage("<count>"),
    Attr::new(
        "webmailSessionCount",
        Kind::COUNT,
        "10",
        "most simultaneous WebMail sessions",
    )
    .usage("<count>"),
    Attr::new(
        "rpopConnectionCount",
        Kind::COUNT,
        "5",
        "most remote POP3 mailboxes that are fetched",
    )
    .usage("<count>"),
    Attr::new(
        "rpopRetrievalInterval",
        Kind::COUNT,
        "10",
        "how often they are fetched",
    )
    .usage("<no>")
    .unit(Unit::Minutes),
    Attr::new(
        "enableActiveSync",
        Kind::Bool,
        "no",
        "mobile devices by ActiveSync",
    ),
    Attr::new(
        "activeSyncOptions",
        Kind::ChoiceSet(Choices::of(&["email", "contact", "pim"])),
        "(email contact pim)",
        "what ActiveSync synchronises",
    )
    .usage("(options)"),
    Attr::new(
        "enableOutlookConnector",
        Kind::Bool,
        "no",
        "the connector for Outlook",
    ),
    Attr::new(
        "enableConversationIndex",
        Kind::Bool,
        "yes",
        "groups messages to conversations",
    ),
    Attr::new(
        "enableWebPersonalOrganizer",
        Kind::Bool,
        "yes",
        "calendar, tasks and notes in WebMail",
    ),
    Attr::new(
        "enableSharing",
        Kind::Bool,
        "yes",
        "sharing of folders with other users",
    ),
    Attr::new(
        "welcomeMessageEnabled",
        Kind::Bool,
        "no",
        "puts a welcome message into a new mailbox",
    ),
    Attr::new("welcomeMessageFileName", Kind::Path, "", "the welcome message").usage("<path>"),
    Attr::new(
        "allowIdentityConfirmation",
        Kind::Bool,
        "no",
        "lets the user have senders confirm who they are",
    ),
    Attr::new(
        "editableContactInfo",
        Kind::Bool,
        "yes",
        "lets the user change the contact information",
    ),
    Attr::new(
        "enableAutoMigration",
        Kind::Bool,
        "no",
        "takes the mail over from an old server at first login",
    ),
    Attr::new(
        "enableCalAvailabilitySharing",
        Kind::Bool,
        "no",
        "publishes free and busy times",
    ),
    Attr::new(
        "localizedImapFolderNames",
        Kind::Bool,
        "no",
        "special folders appear translated in IMAP",
    ),
    Attr::new("enableZoom", Kind::Bool, "no", "Zoom meetings from the calendar"),
    Attr::new(
        "enableTeams",
        Kind::Bool,
        "no",
        "Teams meetings from the calendar",
    ),
    Attr::new(
        "passwordEnforcementEnabled",
        Kind::Bool,
        "yes",
        "checks new passwords that users choose",
    ),
    Attr::new(
        "minimumPasswordLength",
        Kind::COUNT,
        "8",
        "least characters of a password that a user chooses",
    )
    .usage("<size>"),
    Attr::new(
        "maximumPasswordLength",
        Kind::COUNT,
        "64",
        "most characters of a password that a user chooses",
    )
    .usage("<size>"),
    Attr::new(
        "requiredPasswordCharacters",
        Kind::TEXT,
        "letters+numbers",
        "what a password must contain: letters, letters+numbers, letters+numbers+special",
    )
    .usage("<characters>"),
    Attr::new("passExpirationEnabled", Kind::Bool, "no", "passwords expire"),
    Attr::new(
        "passExpirationInterval",
        Kind::COUNT,
        "90",
        "how long a password lives",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "passExpirationType",
        Kind::Choice(Choices::of(&["interval", "date"])),
        "interval",
        "whether an interval or a date ends a password",
    )
    .usage("<interval|date>"),
    Attr::new(
        "passExpirationDate",
        Kind::Date,
        "",
        "the date that ends a password",
    )
    .usage("<\"20 Jun 2018\" | \"Wed, 20 Jun 2018 02:15:34 +0300\">"),
    Attr::new(
        "passRenewalInterval",
        Kind::COUNT,
        "0",
        "least time between two changes of a password",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "passExpirationWarningEnabled",
        Kind::Bool,
        "no",
        "warns before a password ends",
    ),
    Attr::new(
        "passExpirationWarningInterval",
        Kind::COUNT,
        "7",
        "how long before it ends",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "passExpirationWarningFileName",
        Kind::Path,
        "",
        "template of that warning",
    )
    .usage("<path>"),
    Attr::new(
        "passExpirationWarningSentDaily",
        Kind::Bool,
        "no",
        "repeats that warning every day",
    ),
    Attr::new(
        "passHistorySize",
        Kind::COUNT,
        "0",
        "old passwords that may not be used again",
    )
    .usage("<count>"),
    Attr::new(
        "passUnchangeable",
        Kind::Bool,
        "no",
        "the user may not change the password",
    ),
    Attr::new(
        "passwordRecoveryMethods",
        Kind::ChoiceSet(Choices::of(&["secretQuestion", "email", "sms", "peaBased"])),
        "()",
        "ways to get a forgotten password reset",
    )
    .usage("([secretQuestion] [email] [sms])"),
    Attr::new(
        "usernameRecoveryMethods",
        Kind::ChoiceSet(Choices::of(&["email", "peaBased"])),
        "()",
        "ways to get a forgotten user name",
    )
    .usage("([email])"),
    Attr::new(
        "passwordRecoveryEmailFileName",
        Kind::Path,
        "",
        "template of the mail that resets a password",
    )
    .usage("<path>"),
    Attr::new(
        "passwordRecoverySmsFileName",
        Kind::Path,
        "",
        "template of the text message that resets a password",
    )
    .usage("<path>"),
    Attr::new(
        "usernameRecoveryEmailFileName",
        Kind::Path,
        "",
        "template of the mail that tells a user name",
    )
    .usage("<path>"),
    Attr::new(
        "usernameRecoverySmsFileName",
        Kind::Path,
        "",
        "template of the text message that tells a user name",
    )
    .usage("<path>"),
    Attr::new(
        "accountSecurityAlternativeEmailAddressEnabled",
        Kind::Bool,
        "no",
        "asks the user for another address",
    ),
    Attr::new(
        "accountSecurityPhoneNumberEnabled",
        Kind::Bool,
        "no",
        "asks the user for a telephone number",
    ),
    Attr::new(
        "accountSecuritySmsConnector",
        Kind::TEXT,
        "",
        "connector that sends text messages",
    )
    .usage("<smsConnectorName>"),
    Attr::new(
        "accountSecurityMandatory",
        Kind::Bool,
        "no",
        "the user has to give them",
    ),
    Attr::new(
        "accountSecurityUpdateInterval",
        Kind::COUNT,
        "180",
        "how often the user is asked to check them",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "twoFactorAuthEnabled",
        Kind::Choice(Choices::of(&["disabled", "enabled", "mandatory"])),
        "disabled",
        "login in two steps",
    )
    .usage("<disabled|enabled|mandatory>"),
    Attr::new(
        "twoFactorAuthCommunicationMethods",
        Kind::ChoiceSet(Choices::of(&["email", "sms", "authApp"])),
        "()",
        "ways the second step may take",
    )
    .usage("([email] [sms] [authApp])"),
    Attr::new(
        "twoFactorAuthEmailFileName",
        Kind::Path,
        "",
        "template of the mail with the code",
    )
    .usage("<path>"),
    Attr::new(
        "twoFactorAuthSmsFileName",
        Kind::Path,
        "",
        "template of the text message with the code",
    )
    .usage("<path>"),
    Attr::new(
        "enableTwoFactorAuth",
        Kind::Choice(Choices::of(&["disabled", "enabled", "mandatory"])),
        "disabled",
        "older name of twoFactorAuthEnabled",
    )
    .usage("<disabled|enabled|mandatory>")
    .legacy(),
    Attr::new(
        "passwordRecoveryFileName",
        Kind::Path,
        "",
        "older name of passwordRecoveryEmailFileName",
    )
    .usage("<path>")
    .legacy(),
    Attr::new(
        "usernameRecoveryFileName",
        Kind::Path,
        "",
        "older name of usernameRecoveryEmailFileName",
    )
    .usage("<path>")
    .legacy(),
];

/// Limits that one release offered for accounts only.
pub static LIMITS_OF_ACCOUNT: [Attr; 2] = [
    Attr::new(
        "overQuotaThreshold",
        Kind::PERCENT,
        "90",
        "older name of quotaLimitThreshold of the quotas",
    )
    .usage("<percent>")
    .unit(Unit::Percent)
    .legacy(),
    Attr::new(
        "quotaSendMessageThreshold",
        Kind::PERCENT,
        "100",
        "older place of the attribute of the quotas",
    )
    .usage("<percent>")
    .unit(Unit::Percent)
    .legacy(),
];

const fn contact(name: &'static str, help: &'static str) -> Attr {
    Attr::new(name, Kind::TEXT, "", help)
}

/// Contact information of an account.
pub static CONTACT: [Attr; 33] = [
    contact("firstName", "first name"),
    contact("lastName", "last name"),
    contact("nickName", "nickname"),
    contact("personalEmail", "private address"),
    contact("businessEmail", "business address"),
    contact("phone", "telephone"),
    contact("mobilePhone", "mobile telephone"),
    contact("homePhone", "telephone at home"),
    contact("businessPhone", "telephone at work"),
    contact("homeAddress", "address at home"),
    contact("businessAddress", "address at work"),
    contact("personalVoIPAddress", "private VoIP address"),
    contact("birthday", "birthday"),
    contact("spouseName", "name of the spouse"),
    contact("businessVoIPAddress", "VoIP address at work"),
    contact("company", "company"),
    contact("department", "department"),
    contact("office", "office"),
    contact("position", "position"),
    contact("profession", "profession"),
    contact("managerName", "name of the manager"),
    contact("assistantName", "name of the assistant"),
    contact("website", "web site"),
    contact("yahooMessengerId", "Yahoo Messenger"),
    contact("googleTalkId", "Google Talk"),
    contact("liveMessengerAddress", "Live Messenger"),
    contact("icqNumber", "ICQ"),
    contact("aolScreenName", "AOL"),
    contact("skypeId", "Skype"),
    contact("title", "title before the name"),
    contact("middleName", "middle name"),
    contact("suffix", "suffix of the name"),
    contact("businessFax", "fax at work"),
];
