#include "domain/account/bot_agents.h"

#include <gtest/gtest.h>

namespace monitor {
namespace {

TEST(BotAgents, CrawlersMonitorsAndHeadlessBrowsersAreKnown) {
  for (const char* agent : {
           "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
           "Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; "
           "GoogleOther)",
           "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
           "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
           "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
           "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
           "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
           "Mozilla/5.0 (Macintosh) AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 Safari/600.2.5 "
           "(Applebot/0.1)",
           "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
           "WhatsApp/2.23.20.0 A",
           "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
           "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 "
           "Safari/537.36",
           "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
           "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
           "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
           "kube-probe/1.29",
           "ELB-HealthChecker/2.0",
           "Mozilla/5.0 (compatible; YouBot/1.0)",
           "Mozilla/5.0 (compatible;PanguBot;pangubot@x.y)",
           "Screaming Frog SEO Spider/20.1",
           "Twitterbot/1.0",
           "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0 Safari/537.36 Chrome-Lighthouse",
       }) {
    EXPECT_TRUE(IsKnownBot(agent)) << agent;
  }
}

TEST(BotAgents, PeopleAndTheLibrariesOfAppsAreNot) {
  for (const char* agent : {
           "",
           "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
           "Safari/537.36",
           "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
           "Safari/605.1.15",
           "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
           "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
           "Mobile/15E148 "
           "Instagram 360.0.0",
           "Mozilla/5.0 (Linux; Android 13; CUBOT P60) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Mobile "
           "Safari/537.36",
           "Mozilla/5.0 (Linux; arm_64; Android 14; SM-S918B) AppleWebKit/537.36 Chrome/130.0 YaBrowser/24.12 SA/3 "
           "Mobile "
           "Safari/537.36",
           "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.41 Chrome/130.0 Electron/33.2 "
           "Safari/537.36",
           "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/490.0]",
           "okhttp/4.12.0",
           "Dart/3.5 (dart:io)",
           "curl/7.88.1",
           "python-requests/2.32",
           "Go-http-client/2.0",
           "ShopApp/7.2 CFNetwork/1568 Darwin/24.1.0",
           "axios/1.7.7",
       }) {
    EXPECT_FALSE(IsKnownBot(agent)) << agent;
  }
}

}  // namespace
}  // namespace monitor
