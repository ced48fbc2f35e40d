#include "domain/account/bot_agents.h"

#include "domain/values/text_match.h"

namespace monitor {

namespace {

// Compared without case.
constexpr std::string_view kBotAgents =
    // The word itself, but not Cubot's phones; and names that do not have it.
    "(?:^|[^u]|[^c]u)bot(?:[^a-z]|$)|crawl(?:er|ing)|spider(?:[^a-z]|$)|scraper|archiver|heritrix|slurp|scrapy"
    // Search engines and what they send besides.
    "|mediapartners-google"
    "|google-(?:inspectiontool|read-aloud|extended|adwords|safety|cloudvertexbot|pagerenderer)|apis-google"
    "|googleother|feedfetcher|google favicon|bingpreview|adidxbot|google web preview|structured-data-testing"
    "|yandex(?:images|metrika|direct|media|video)|duckduckgo-favicons|qwantify|daum/|naver\\.me|coccoc"
    // Language models.
    "|chatgpt-user|claude-(?:user|web|searchbot)|anthropic-ai|perplexity-user|cohere-(?:ai|training)"
    "|mistralai-user|meta-external(?:agent|fetcher)|ai2bot|diffbot|img2dataset|omgili"
    // Previews of links.
    "|facebookexternalhit|facebookcatalog|whatsapp/|skypeuripreview|slack-imgproxy|embedly|vkshare|iframely"
    "|microsoftpreview|link preview|webindexer|snapchat/.*preview|bitlybot|quora link preview|nuzzel|redditbot"
    "|viber/.*preview"
    // Audits of sites.
    "|ahrefs|semrush|screaming frog|sitebulb|deepcrawl|lumar|oncrawl|netcraft|nessus|nikto|qualys|zgrab|censys"
    "|masscan|w3c[_-](?:validator|css|checklink)|validator\\.nu|chrome-lighthouse|google page ?speed|gtmetrix"
    "|debugbear|contentking|siteimprove|ptst/|webpagetest|speedcurve|calibreapp"
    // Monitors.
    "|pingdom|thousandeyes|uptrends|uptimerobot|uptime-kuma|better ?(?:uptime|stack)|statuscake|site24x7"
    "|newrelicpinger|catchpoint|ruxit|gomezagent|freshping|hetrixtools|checkly|nagios|check_http|zabbix|montastic"
    "|alertsite|synthetic|blackbox[ _-]exporter|kube-probe|elb-healthchecker|googlehc|stackdriver"
    "|route53-health-check|cloudflare-(?:health|always)"
    // Browsers that nobody looks at.
    "|headless|phantomjs|slimerjs|puppeteer|playwright|selenium|webdriver|jsdom|prerender|rendertron|splash/"
    "|htmlunit";

}  // namespace

bool IsKnownBot(std::string_view user_agent) {
  static const Regex kBots = Regex::Compile(kBotAgents).value();  // one for all accounts: it is some 100 KB
  return kBots.Matches(user_agent);
}

}  // namespace monitor
