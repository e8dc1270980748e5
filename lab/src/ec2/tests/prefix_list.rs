//! Customers' prefix lists, and the rules that name them.

use super::*;

impl Lab {
    fn list(&self, form: &str) -> String {
        let form = format!("PrefixListName=office&AddressFamily=IPv4&MaxEntries=3&{form}");
        one(&self.does("CreateManagedPrefixList", &form), "prefixListId")
    }

    fn listed(&self, id: &str) -> String {
        self.does("DescribeManagedPrefixLists", &format!("PrefixListId.1={id}"))
    }
}

#[test]
fn a_list_has_versions() {
    let lab = Lab::new();
    let made = lab.does(
        "CreateManagedPrefixList",
        "PrefixListName=office&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=203.0.113.7/24&Entry.1.Description=desk",
    );
    assert_eq!((one(&made, "state"), one(&made, "version")), ("create-in-progress".to_owned(), "1".to_owned()));
    let id = one(&made, "prefixListId");
    assert_eq!(one(&lab.listed(&id), "state"), "create-complete");
    let entries =
        |more: &str| all(&lab.does("GetManagedPrefixListEntries", &format!("PrefixListId={id}{more}")), "cidr");
    assert_eq!(entries(""), ["203.0.113.0/24"], "the host bits are cleared");
    let change =
        format!("PrefixListId={id}&CurrentVersion=1&AddEntry.1.Cidr=198.51.100.0/24&RemoveEntry.1.Cidr=203.0.113.0/24");
    let modified = lab.does("ModifyManagedPrefixList", &change);
    assert_eq!((one(&modified, "state"), one(&modified, "version")), ("modify-in-progress".to_owned(), "1".to_owned()));
    assert_eq!(one(&lab.listed(&id), "version"), "2");
    assert_eq!(
        (entries(""), entries("&TargetVersion=1")),
        (vec!["198.51.100.0/24".to_owned()], vec!["203.0.113.0/24".to_owned()])
    );
    let stale = lab.refuses("ModifyManagedPrefixList", &change);
    assert_eq!(stale, "PrefixListVersionMismatch: The prefix list has the incorrect version number.");
    lab.does("RestoreManagedPrefixListVersion", &format!("PrefixListId={id}&PreviousVersion=1&CurrentVersion=2"));
    assert_eq!(entries(""), ["203.0.113.0/24"]);
    lab.does("CreateTags", &format!("ResourceId.1={id}&Tag.1.Key=run&Tag.1.Value=7"));
    let found = lab.does("DescribeManagedPrefixLists", "Filter.1.Name=tag:run&Filter.1.Value.1=7");
    assert_eq!(one(&found, "version"), "3");
}

#[test]
fn a_rule_that_names_a_list_counts_as_many_times_as_the_list_is_large() {
    let lab = Lab::new();
    let (group, list) = (lab.group("web"), lab.list("Entry.1.Cidr=203.0.113.0/24"));
    let rule = |port: u8| {
        format!(
            "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort={port}&IpPermissions.1.ToPort={port}\
             &IpPermissions.1.PrefixListIds.1.PrefixListId={list}"
        )
    };
    for port in 1..=20 {
        lab.does("AuthorizeSecurityGroupIngress", &rule(port));
    }
    assert!(lab.refuses("AuthorizeSecurityGroupIngress", &rule(21)).starts_with("RulesPerSecurityGroupLimitExceeded"));
    let users = lab.does("GetManagedPrefixListAssociations", &format!("PrefixListId={list}"));
    assert_eq!(one(&users, "resourceId"), group);
    lab.does("ModifyManagedPrefixList", &format!("PrefixListId={list}&MaxEntries=4"));
    let shown = lab.listed(&list);
    assert_eq!((one(&shown, "state"), one(&shown, "maxEntries")), ("modify-failed".to_owned(), "3".to_owned()));
    assert!(one(&shown, "stateMessage").contains(&group), "{shown}");
}

#[test]
fn a_list_that_a_rule_names_is_not_deleted() {
    let lab = Lab::new();
    let (group, list) = (lab.group("web"), lab.list(""));
    let rule =
        format!("GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.PrefixListIds.1.PrefixListId={list}");
    lab.does("AuthorizeSecurityGroupEgress", &rule);
    let delete = format!("PrefixListId={list}");
    assert_eq!(one(&lab.does("DeleteManagedPrefixList", &delete), "state"), "delete-in-progress");
    assert_eq!(one(&lab.listed(&list), "state"), "delete-failed");
    lab.does("RevokeSecurityGroupEgress", &rule);
    lab.does("DeleteManagedPrefixList", &delete);
    let gone = lab.refuses("DescribeManagedPrefixLists", &format!("PrefixListId.1={list}"));
    assert_eq!(gone, format!("InvalidPrefixListID.NotFound: The prefix list ID '{list}' does not exist"));
}

#[test]
fn lists_that_make_no_sense_are_refused() {
    let lab = Lab::new();
    let list = lab.list("Entry.1.Cidr=203.0.113.0/24");
    let create = "PrefixListName=x&AddressFamily=IPv4&MaxEntries";
    let many: String = (1..=101).map(|n| format!("&Entry.{n}.Cidr=10.0.{n}.0/24")).collect();
    for (operation, form, wanted) in [
        (
            "CreateManagedPrefixList",
            format!("{create}=0"),
            "InvalidParameterValue: Must specify a max size between 1 and 1000",
        ),
        (
            "CreateManagedPrefixList",
            format!("{create}=1&Entry.1.Cidr=::/0"),
            "InvalidParameterValue: CIDR block ::/0 is malformed",
        ),
        (
            "CreateManagedPrefixList",
            format!("{create}=1&Entry.1.Cidr=10.0.0.0/8&Entry.2.Cidr=11.0.0.0/8"),
            "PrefixListMaxEntriesExceeded",
        ),
        (
            "CreateManagedPrefixList",
            format!("{create}=200{many}"),
            "InvalidParameterValue: The number of entries per request cannot exceeds limit (100).",
        ),
        (
            "CreateManagedPrefixList",
            "PrefixListName=x&AddressFamily=IPv5&MaxEntries=1".to_owned(),
            "InvalidParameterValue: Value (IPv5)",
        ),
        ("CreateManagedPrefixList", format!("{create}=1&DryRun=true"), "DryRunOperation"),
        (
            "ModifyManagedPrefixList",
            format!("PrefixListId={list}&MaxEntries=5&AddEntry.1.Cidr=10.0.0.0/8"),
            "InvalidParameterCombination: You cannot modify the entries and the maximum entries for the prefix list in the same request.",
        ),
        (
            "ModifyManagedPrefixList",
            format!("PrefixListId={list}&RemoveEntry.1.Cidr=10.0.0.0/8"),
            "InvalidPrefixListModification",
        ),
        ("ModifyManagedPrefixList", "PrefixListId=pl-78a54011&PrefixListName=mine".to_owned(), "OperationNotPermitted"),
        ("GetManagedPrefixListEntries", format!("PrefixListId={list}&TargetVersion=2"), "InvalidParameterValue"),
    ] {
        let refusal = lab.refuses(operation, &form);
        assert!(refusal.starts_with(wanted), "{form}: {refusal}");
    }
}
